import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { exitCodeMeanings, exitCodeOf } from "../../src/cli/exit-codes.js";
import { commands, environment, indexPage, surface, topicPage, topics } from "../support/reference.js";

// A key of scripts, once released, stays: whatever changes here shows in a diff. `npm run docs` writes the new text.

const folder = resolve("docs/cli");

test("the surface is that of docs/cli/surface.txt", async () => {
  await expect(surface()).toMatchFileSnapshot(join(folder, "surface.txt"));
});

test("the pages of docs/cli are made of what the commands say, and there is none without commands", async () => {
  await expect(indexPage()).toMatchFileSnapshot(join(folder, "README.md"));
  await expect(topicPage(undefined)).toMatchFileSnapshot(join(folder, "others.md"));
  for (const topic of topics()) await expect(topicPage(topic)).toMatchFileSnapshot(join(folder, `${topic}.md`));
  // Right after a page was written for the first time it is not on the disk yet: call it twice.
  const pages = readdirSync(folder).filter((name) => name.endsWith(".md"));
  expect(pages.toSorted()).toEqual(["README.md", "json.md", "others.md", ...topics().map((topic) => `${topic}.md`)].toSorted());
});

test.each(commands.filter(({ hidden }) => hidden !== true))("$id: a summary, and an example that names it", ({ id, summary, examples, aliases }) => {
  expect(summary).toMatch(/^[A-Z].*\.$/s);
  const lines = examples.map((each) => (typeof each === "string" ? each : each.command));
  expect(lines.some((line) => [id, ...aliases].some((name) => line.includes(`<%= config.bin %> ${name.replaceAll(":", " ")}`)))).toBe(true);
});

test.each(commands)("$id: each flag and argument is described", ({ flags, args }) => {
  expect([...Object.values(flags), ...Object.values(args)].filter(({ description = "" }) => description === "").map(({ name }) => name)).toEqual([]);
});

test("every variable that the sources read is listed, and every listed one is read", () => {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  const read = files.flatMap((name) => readFileSync(join("src", name), "utf8").match(/\bPYWORKFLOW_[A-Z_]+\b/g) ?? []);
  expect(Object.keys(environment).filter((name) => name.startsWith("PYWORKFLOW_")).toSorted()).toEqual([...new Set(read)].toSorted());
});

test("every exit code that an error ends with has its sentence", () => {
  const page = readFileSync("docs/errors.md", "utf8");
  const codes = [...page.matchAll(/^### (\S+)$/gm)].map(([, code = ""]) => exitCodeOf(Object.assign(new Error("any"), { code, hint: "any" })));
  expect([...new Set([0, ...codes])].toSorted((left, right) => left - right).map(String)).toEqual(Object.keys(exitCodeMeanings));
});
