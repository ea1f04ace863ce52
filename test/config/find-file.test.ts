import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findConfigFile, findPlainly } from "../../src/config/find-file.js";
import { newFolder } from "../support/cli.js";

let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => folder.remove());

interface Tree {
  readonly files: Readonly<Record<string, string>>;
  /** What is found from the folder a/b. */
  readonly found?: string;
  /** The whole search has to answer. */
  readonly hard?: true;
}

test.for<[string, Tree]>([
  ["nothing", { files: {} }],
  ["the yaml file", { files: { "a/b/pyworkflow.config.yaml": "module: ./w\n" }, found: "a/b/pyworkflow.config.yaml" }],
  ["the nearest", { files: { "pyworkflow.config.yaml": "x", "a/pyworkflow.config.yaml": "y" }, found: "a/pyworkflow.config.yaml" }],
  ["yaml before all others", { files: { "a/b/pyworkflow.config.yaml": "x", "a/b/pyworkflow.config.ts": "y", "a/b/package.json": '{"pyworkflow":{}}' }, found: "a/b/pyworkflow.config.yaml" }],
  ["past an empty one", { files: { "a/b/pyworkflow.config.yaml": " \n", "a/pyworkflow.config.yaml": "x" }, found: "a/pyworkflow.config.yaml", hard: true }],
  ["past a package that depends on us", { files: { "a/b/package.json": '{"dependencies":{"pyworkflow":"1"}}', "pyworkflow.config.yaml": "x" }, found: "pyworkflow.config.yaml" }],
  ["past a broken package", { files: { "a/b/package.json": '{"pyworkflow', "a/pyworkflow.config.yaml": "x" }, found: "a/pyworkflow.config.yaml" }],
  ["a package that configures us", { files: { "a/b/package.json": '{"pyworkflow":{"module":"./w"}}', "a/pyworkflow.config.yaml": "x" }, found: "a/b/package.json", hard: true }],
  ["another form, nearer", { files: { "a/.pyworkflowrc": "module: ./w", "pyworkflow.config.yaml": "x" }, found: "a/.pyworkflowrc", hard: true }],
  ["a folder of that name", { files: { "a/b/pyworkflow.config.yaml/file": "", "a/pyworkflow.config.yaml": "x" }, found: "a/pyworkflow.config.yaml", hard: true }],
])("%s", async ([, { files, found, hard }]) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name)), { recursive: true });
    writeFileSync(join(folder.path, name), text);
  }
  const from = join(folder.path, "a/b");
  mkdirSync(from, { recursive: true });
  const file = found === undefined ? undefined : join(folder.path, found);
  expect(await findConfigFile(from)).toBe(file);
  expect(findPlainly(from)).toEqual(hard ? undefined : file === undefined ? {} : { file });
});
