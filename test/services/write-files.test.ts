import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeFiles, type FileToWrite } from "../../src/services/write-files.js";
import { newFolder } from "../support/cli.js";

const planned: readonly FileToWrite[] = [
  { path: "a.txt", content: "new a", action: "created" },
  { path: "b.txt", content: "new b", action: "replaced" },
  { path: "deep/er/c.txt", content: "new c", action: "created" },
  { path: "d.txt", content: "new d", action: "kept" },
];

let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
  mkdirSync(folder.path, { recursive: true });
  writeFileSync(join(folder.path, "b.txt"), "my b");
  writeFileSync(join(folder.path, "d.txt"), "my d");
});
afterEach(() => folder.remove());

/** Every file below the folder with its content. */
function snapshot(): Record<string, string> {
  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  return Object.fromEntries(files.map(({ parentPath, name }) => [join(parentPath, name).slice(folder.path.length + 1), readFileSync(join(parentPath, name), "utf8")]));
}

/** Aborts when it is asked for the n-th time. */
function abortingAt(n: number): AbortSignal {
  const abortion = new AbortController();
  let asked = 0;
  const { signal } = abortion;
  signal.throwIfAborted = () => {
    if (++asked < n) return;
    abortion.abort(new Error("enough"));
    throw signal.reason;
  };
  return signal;
}

test("all of it is written, and what is replaced is kept as a backup", async () => {
  const written = await writeFiles(folder.path, planned);
  expect(written.map(({ action }) => action)).toEqual(["created", "replaced", "created", "kept"]);
  expect(snapshot()).toEqual({ "a.txt": "new a", "b.txt": "new b", "b.txt.backup": "my b", "deep/er/c.txt": "new c", "d.txt": "my d" });
});

test.each([1, 2, 3, 4, 5])("aborted at moment %i, the folder is as it was", async (moment) => {
  await expect(writeFiles(folder.path, planned, abortingAt(moment))).rejects.toThrow("enough");
  expect(snapshot()).toEqual({ "b.txt": "my b", "d.txt": "my d" });
  expect(readdirSync(folder.path).toSorted()).toEqual(["b.txt", "d.txt"]);
});
