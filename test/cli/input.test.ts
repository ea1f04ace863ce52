import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { inputFromFlags, jsonFile, jsonOf } from "../../src/cli/input.js";

// What is stored is what was given: a value is refused before it is changed without a word.

const folder = mkdtempSync(join(tmpdir(), "pyworkflow-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

const flag = { name: "--payload", example: "1" };

test("a byte order mark is no part of the text", async () => {
  expect(await jsonOf(flag, `@${file("marked.json", Buffer.from('\uFEFF{"a":"ä"}'))}`)).toEqual({ a: "ä" });
});

test("what another encoding wrote is refused with the first byte that is wrong", async () => {
  const latin = file("latin.json", Buffer.from('"ä"', "latin1"));
  await expect(jsonFile(flag, latin)).rejects.toMatchObject({ message: `--payload ${latin} is not UTF-8: byte 1 is 0xe4`, hint: expect.stringContaining("-f LATIN1") as string });
  const cut = file("cut.json", Buffer.from('"€').subarray(0, 3));
  await expect(jsonFile(flag, cut)).rejects.toMatchObject({ message: `--payload ${cut} is not UTF-8: byte 1 is 0xe2` });
  const behind = file("behind.json", Buffer.concat([Buffer.from('"\uFFFD€'), Buffer.from([0xff])]));
  await expect(jsonFile(flag, behind)).rejects.toMatchObject({ message: `--payload ${behind} is not UTF-8: byte 7 is 0xff` });
  const wide = file("wide.json", Buffer.from("\uFEFF1", "utf16le"));
  await expect(jsonFile(flag, wide)).rejects.toMatchObject({ message: `--payload ${wide} is not UTF-8: byte 0 is 0xff`, hint: expect.stringContaining("-f UTF-16") as string });
});

test("a word in which Node has replaced what was no UTF-8 is refused; in a file that character is one like others", async () => {
  await expect(inputFromFlags({ arg: ["name=\uFFFD"], argsJson: undefined }, undefined)).rejects.toMatchObject({ message: expect.stringContaining("--arg name=\uFFFD is not UTF-8") as string });
  await expect(jsonOf(flag, '"\uFFFD"')).rejects.toMatchObject({ message: expect.stringContaining("--payload is not UTF-8") as string });
  expect(await jsonOf(flag, String.raw`"\ufffd"`)).toBe("\uFFFD");
  expect(await jsonFile(flag, file("itself.json", Buffer.from('"\uFFFD"')))).toBe("\uFFFD");
});

test("a field that is given twice is refused: one of the two would be lost", async () => {
  await expect(inputFromFlags({ arg: ["a=1", "b=2", "a=3"], argsJson: undefined }, undefined)).rejects.toMatchObject({ message: "--arg a was given twice" });
  expect(await inputFromFlags({ arg: ["a=1", "b=2"], argsJson: undefined }, undefined)).toEqual({ a: 1, b: 2 });
});

function file(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
