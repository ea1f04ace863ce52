import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hashOf } from "../../src/main/modules/cache.js";
import { watchCode } from "../../src/main/modules/watch.js";
import type { CodeWatch } from "../../src/runtime/supervisor/parts.js";
import { newFolder } from "../support/cli.js";

let folder: ReturnType<typeof newFolder>;
let watch: CodeWatch;
beforeEach(() => {
  folder = newFolder();
  mkdirSync(join(folder.path, "flows"));
  write("flows/a.ts", "a");
  write("lib.ts", "lib");
  watch = watchCode({ root: folder.path, modules: ["./flows"] });
});
afterEach(() => folder.remove());

function write(name: string, text: string): void {
  writeFileSync(join(folder.path, name), text);
}

/** Files of the running code, with the text that it was made of. */
function made(texts: Readonly<Record<string, string>>) {
  return Object.entries(texts).map(([name, text]) => ({ path: join(folder.path, name), hash: hashOf([text]) }));
}

/** What is told by the time that nothing moves any more. */
async function told(sources: ReturnType<typeof made>): Promise<readonly string[]> {
  const looks = [await watch.changed(sources), await watch.changed(sources), await watch.changed(sources)];
  return looks.flat();
}

test("a change is told once, when it stands still; the same text again is none", async () => {
  const sources = made({ "flows/a.ts": "a", "lib.ts": "lib" });
  expect(await told(sources)).toEqual([]);
  write("lib.ts", "lib");
  expect(await told(sources)).toEqual([]);
  write("lib.ts", "half");
  expect(await watch.changed(sources)).toEqual([]);
  write("lib.ts", "whole text");
  expect(await watch.changed(sources)).toEqual([]);
  expect(await watch.changed(sources)).toEqual(["lib.ts"]);
  expect(await told(sources)).toEqual([]);
});

test("what was changed while the code was being loaded is told too", async () => {
  write("lib.ts", "newer");
  expect(await told(made({ "flows/a.ts": "a", "lib.ts": "lib" }))).toEqual(["lib.ts"]);
});

test("a module that is new in the folder, one that goes, and one that an editor replaces", async () => {
  const before = made({ "flows/a.ts": "a" });
  await told(before);
  write("flows/b.ts", "b");
  expect(await told(before)).toEqual(["flows/b.ts"]);
  const both = made({ "flows/a.ts": "a", "flows/b.ts": "b" });
  expect(await told(both)).toEqual([]);
  rmSync(join(folder.path, "flows/b.ts"));
  write("flows/.draft", "a, edited");
  renameSync(join(folder.path, "flows/.draft"), join(folder.path, "flows/a.ts"));
  expect(await told(both)).toEqual(["flows/a.ts", "flows/b.ts"]);
  expect(await told(made({ "flows/a.ts": "a, edited" }))).toEqual([]);
});

test("after code that could not be loaded, a file that was missing counts when it appears; else others beside do not", async () => {
  const sources = made({ "flows/a.ts": "a", "lib.ts": "lib" });
  await told(sources);
  write("notes.json", "{}");
  expect(await told(sources)).toEqual([]);
  write("lib.ts", "import './missing.js'");
  expect(await told(sources)).toEqual(["lib.ts"]);
  write("missing.js", "");
  expect(await told(sources)).toEqual(["missing.js"]);
  write("lib.ts", "lib");
  expect(await told(sources)).toEqual(["lib.ts"]);
});
