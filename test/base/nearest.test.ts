import { expect, test } from "vitest";
import { nearest } from "../../src/base/nearest.js";

const keys = ["module", "modules", "storage", "recovery", "worker", "max_recovery_attempts"];

test.each([
  ["storge", "storage"],
  ["sotrage", "storage"],
  ["STORAGE", "storage"],
  ["maxRecoveryAttempts", "max_recovery_attempts"],
  ["max-recovery-attempt", "max_recovery_attempts"],
  ["wroker", "worker"],
  ["module", "module"],
  ["modlues", "modules"],
])("%s was meant to be %s", (word, meant) => {
  expect(nearest(word, keys)).toBe(meant);
});

test("a word that resembles nothing has no nearest", () => {
  expect(nearest("celery", keys)).toBeUndefined();
  expect(nearest("x", ["yz"])).toBeUndefined();
  expect(nearest("storage", [])).toBeUndefined();
});

test("of two that are equally near the first is taken", () => {
  expect(nearest("cat", ["bat", "hat"])).toBe("bat");
});

test("two letters that changed places are one slip, two replacements are two", () => {
  expect(nearest("ab", ["ba"])).toBe("ba");
  expect(nearest("ab", ["cd"])).toBeUndefined();
});
