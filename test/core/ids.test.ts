import { expect, test } from "vitest";
import { declaredScheduleId, newRunId, newScheduleId, parseRunId, parseScheduleId, runIdsInOrder } from "../../src/core/ids.js";

const ones = (count: number) => new Uint8Array(count).fill(31);

test("runs that begin in one millisecond have ids in their order, between those of the ones before and after", () => {
  const next = runIdsInOrder(1000, ones);
  const ids = Array.from({ length: 1100 }, next);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => parseRunId(id) === id)).toBe(true);
  expect(newRunId(999, ones) < (ids[0] ?? "")).toBe(true);
  expect(newRunId(1001, () => new Uint8Array(16)) > (ids.at(-1) ?? "")).toBe(true);
});

test("a schedule's id looks like no flag and no folder", () => {
  for (const id of ["a", "7", "_x", "acme.daily-1", declaredScheduleId("-odd"), newScheduleId(1000, ones)]) expect(parseScheduleId(id)).toBe(id);
  for (const text of ["", "-x", "--yes", ".", "..", ".hidden", "a b", "a/b", "@last", "x".repeat(134)]) expect(parseScheduleId(text)).toBeUndefined();
});
