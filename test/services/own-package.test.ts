import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packageReference } from "../../src/services/own-package.js";
import { newFolder } from "../support/cli.js";

let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => folder.remove());

test("a checkout is named by its path", async () => {
  expect(await packageReference()).toBe(`file:${resolve(".")}`);
});

test.each(["^0.1.0", "0.1.0", "latest", ">=0.1 <1"])("from a registry (%s): the version that runs", async (spec) => {
  expect(await packageReference(installedAs(spec))).toBe("^0.1.7");
});

test("from a tarball: the tarball, as long as it is there", async () => {
  const root = installedAs("file:../somewhere/pyworkflow.tgz");
  expect(await packageReference(root)).toBe(`file:${root}`);

  mkdirSync(join(folder.path, "somewhere"));
  writeFileSync(join(folder.path, "somewhere/pyworkflow.tgz"), "");
  expect(await packageReference(root)).toBe(`file:${join(folder.path, "somewhere/pyworkflow.tgz")}`);
});

test("an address stays as it is", async () => {
  expect(await packageReference(installedAs("git+https://example.com/pyworkflow.git#main"))).toBe("git+https://example.com/pyworkflow.git#main");
});

test("a global install leaves no note: its folder is named", async () => {
  const root = installedAs(undefined);
  expect(await packageReference(root)).toBe(`file:${root}`);
});

/** A project that has version 0.1.7 installed, and says so in its package.json where there is one. */
function installedAs(spec: string | undefined): string {
  const project = join(folder.path, "project");
  const root = join(project, "node_modules/pyworkflow");
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "package.json"), '{"version":"0.1.7"}');
  if (spec !== undefined) writeFileSync(join(project, "package.json"), JSON.stringify({ devDependencies: { pyworkflow: spec } }));
  return root;
}
