import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { newRunId } from "../../src/core/ids.js";
import { observe, type Stillness } from "../../src/runtime/stillness.js";
import { chargeFor, pauseMs } from "../../src/runtime/supervisor/crash-loop.js";
import { asksFor, type House } from "../../src/runtime/worker/company.js";

const runId = newRunId(0, randomBytes);

describe("whom a death is charged to", () => {
  test("the run that was on the stack, else all; from the fifth in a row on nobody", () => {
    expect(chargeFor(1, undefined)).toBe("all");
    expect(chargeFor(4, undefined)).toBe("all");
    expect(chargeFor(4, runId)).toBe(runId);
    expect(chargeFor(5, runId)).toBe("none");
    expect(chargeFor(500, undefined)).toBe("none");
  });

  test("the first dead process is replaced at once, the next ones later and later, up to a minute", () => {
    const pauses = Array.from({ length: 40 }, (_, deaths) => pauseMs(deaths + 1));
    expect(pauses.slice(0, 5)).toEqual([0, 200, 400, 800, 1600]);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.max(...pauses)).toBe(60_000);
  });
});

describe("how long a counter has stood still", () => {
  function watch(looks: readonly (readonly [at: number, counter: number])[]): number {
    let seen: Stillness | undefined;
    for (const [at, counter] of looks) seen = observe(seen, { at, counter, gapMaxMs: 1000 });
    return seen?.stillMs ?? 0;
  }

  test("it is counted from the first look that saw this value", () => {
    expect(watch([[0, 7]])).toBe(0);
    expect(watch([[0, 7], [500, 7], [1500, 7]])).toBe(1500);
  });

  test("a beat begins it anew", () => {
    expect(watch([[0, 7], [900, 7], [1800, 8], [2000, 8]])).toBe(200);
  });

  test("an observer that was stopped itself has seen nothing in between", () => {
    expect(watch([[0, 7], [900, 7], [60_000, 7], [60_500, 7]])).toBe(500);
  });
});

describe("what a worker asks for", () => {
  const house: House = { executing: 0, free: 10, aloneInside: false, aloneWaits: false };

  test("an ordinary one: as many as it has room for, and with no room still its inboxes", () => {
    expect(asksFor("crowd", house)).toEqual([{ company: "crowd", limit: 10 }]);
    expect(asksFor("crowd", { ...house, executing: 10, free: 0 })).toEqual([{ company: "crowd", limit: 0 }]);
  });

  test("one for lonely runs: one at a time", () => {
    expect(asksFor("alone", house)).toEqual([{ company: "alone", limit: 1 }]);
    expect(asksFor("alone", { ...house, executing: 1, free: 9 })).toEqual([{ company: "alone", limit: 0 }]);
    expect(asksFor("alone", { ...house, free: 0 })).toEqual([{ company: "alone", limit: 0 }]);
  });

  test("one for both: a lonely run only into the empty house, and nothing beside it", () => {
    expect(asksFor("any", house)).toEqual([
      { company: "alone", limit: 1 },
      { company: "crowd", limit: 10 },
    ]);
    expect(asksFor("any", { ...house, executing: 3, free: 7 })).toEqual([{ company: "crowd", limit: 7 }]);
    expect(asksFor("any", { ...house, executing: 1, free: 9, aloneInside: true })).toEqual([{ company: "crowd", limit: 0 }]);
  });

  test("one for both empties its house where a lonely run waits", () => {
    expect(asksFor("any", { ...house, executing: 3, free: 7, aloneWaits: true })).toEqual([{ company: "crowd", limit: 0 }]);
  });
});
