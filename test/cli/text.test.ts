import { Chalk } from "chalk";
import { expect, test } from "vitest";
import { counted, plural, shorten, wrap } from "../../src/cli/text.js";

test("a line is broken between words, and through a word that is wider", () => {
  expect(wrap("the store is not there yet", 10)).toEqual(["the store", "is not", "there yet"]);
  expect(wrap("in /a/very/long/path it", 8)).toEqual(["in", "/a/very/", "long/pat", "h it"]);
  expect(wrap("", 10)).toEqual([""]);
});

test("what a line begins with and what stands apart stays so, as long as there is room", () => {
  expect(wrap("  pid   12 of here", 12)).toEqual(["  pid   12", "of here"]);
});

test("colours take no room, and are not cut through", () => {
  const { red } = new Chalk({ level: 1 });
  expect(wrap(`${red("failed")} twice`, 12)).toEqual([`${red("failed")} twice`]);
  expect(wrap(`a ${red("attempts")}`, 6)).toEqual(["a", red("attempts")]);
});

test("what is too long ends in an ellipsis, and never takes more than the room", () => {
  expect([5, 4, 1, 0, -1].map((width) => shorten("abcde", width))).toEqual(["abcde", "abc…", "…", "", ""]);
});

test("one is not many", () => {
  expect([0, 1, 2].map((count) => counted(count, "run"))).toEqual(["0 runs", "1 run", "2 runs"]);
  expect([plural(1, "it", "them"), plural(2, "it", "them"), counted(1, "run is", "runs are"), counted(3, "run is", "runs are")]).toEqual(["it", "them", "1 run is", "3 runs are"]);
});
