import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

// docs/parity.md answers each behaviour that the original's tests assert, and each defect that it is known to have, once; and the
// tests that it names are there.

const behaviours = 563;
const defects = 70;
const defectsBetween = ["11a", "11b", "11c", "35a", "61a", "61b", "61c"];

interface Row {
  readonly line: string;
  readonly numbers: readonly string[];
  readonly isDefect: boolean;
  readonly verdict: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

const lines = readFileSync("docs/parity.md", "utf8").split("\n").filter((line) => /^\| (defect )?\d/.test(line));
const rows = lines.flatMap(rowOf);

function rowOf(line: string): readonly Row[] {
  const [, defect, numbers = "", verdict = "", reason = ""] = /^\| (defect )?([\d\w, –]+?) \| .+ \| (done|different|n\/a|not yet): (.+) \|$/.exec(line) ?? [];
  const tests = [...reason.matchAll(/`(test\/[\w./-]+)` "([^"]+)"/g)].map(([, file = "", title = ""]) => ({ file, title }));
  return verdict === "" ? [] : [{ line, numbers: numbers.split(", ").flatMap(expand), isDefect: defect !== undefined, verdict, tests }];
}

function expand(text: string): readonly string[] {
  const [, first, last] = /^(\d+)–(\d+)$/.exec(text) ?? [];
  if (first === undefined) return [text];
  return Array.from({ length: Number(last) - Number(first) + 1 }, (_, index) => String(Number(first) + index));
}

function upTo(last: number): readonly string[] {
  return Array.from({ length: last }, (_, index) => String(index + 1));
}

function numbersOf(defect: boolean): readonly string[] {
  return rows.filter(({ isDefect }) => isDefect === defect).flatMap(({ numbers }) => numbers);
}

test("every row has numbers, a sentence and a verdict with its reason", () => {
  expect(rows.map(({ line }) => line)).toEqual(lines);
});

test("every behaviour is answered once", () => {
  expect(numbersOf(false).map(Number).toSorted((a, b) => a - b).map(String)).toEqual(upTo(behaviours));
});

test("every defect is answered once", () => {
  expect(numbersOf(true).toSorted()).toEqual([...upTo(defects), ...defectsBetween].toSorted());
});

test("what is done names the tests that show it, and they are there", () => {
  expect(rows.filter(({ verdict, tests }) => verdict === "done" && tests.length === 0).map(({ line }) => line)).toEqual([]);
  const named = rows.flatMap(({ tests }) => tests);
  expect(named.filter(({ file, title }) => !existsSync(file) || !holds(readFileSync(file, "utf8"), title))).toEqual([]);
});

// As the first thing in the parentheses of a call: a title, and no text that only speaks of it.
function holds(source: string, title: string): boolean {
  const [first = "", ...others] = source.split(JSON.stringify(title));
  return others.length > 0 && [first, ...others.slice(0, -1)].some((before) => /(?<!describe)\(\s*$/.test(before));
}
