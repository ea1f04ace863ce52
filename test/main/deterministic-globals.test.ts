import nodeCrypto, { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { decode, encode } from "../../src/base/codec.js";
import { NonDurableAwaitError } from "../../src/core/errors.js";
import { newRunId } from "../../src/core/ids.js";
import { currentBody, runIn, type BodyHandle, type StepContext } from "../../src/engine/context/current.js";
import { guardGlobals } from "../../src/main/deterministic-globals.js";

const UnguardedDate = Date;
const request = vi.fn<typeof fetch>(async () => new Response("real"));
beforeAll(() => {
  globalThis.fetch = request;
  guardGlobals();
  // A second call finds the work done.
  guardGlobals();
});

const timeMs = UnguardedDate.UTC(2025, 0, 15);
const runId = newRunId(1, () => new Uint8Array(16).fill(7));
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Calls `fn` as the body of a run: each call of this begins the same draws again, as a replay does. */
function inBody<T>(fn: () => T, durable = true): T {
  let chances = 0;
  const body = { durable, timeMs, nextChance: () => `${runId}:0:${chances++}` } as BodyHandle;
  return runIn({ kind: "body", runId, body, shielded: false }, fn);
}

const inStep = <T>(fn: () => T): T => runIn({ kind: "step", runId, step: {} as StepContext }, fn);
const times = () => [new Date(Date.now()), new Date(), new Date(Reflect.apply<undefined, [], string>(Date, undefined, []))];
const draws = () => [Math.random(), Math.random(), crypto.randomUUID(), nodeCrypto.randomUUID(), randomUUID()];

describe("in a body", () => {
  test("the time is the run's, however it is asked for", () => {
    expect(inBody(times)).toEqual(Array.from({ length: 3 }, () => new UnguardedDate(timeMs)));
    const { now } = Date;
    expect(inBody(() => now())).toBe(timeMs);
  });

  test("chance is the run's: the same on every replay, and never twice the same", () => {
    const first = inBody(draws);
    expect(inBody(draws)).toEqual(first);
    expect(new Set(first).size).toBe(5);
    for (const uuid of first.slice(2)) expect(uuid).toMatch(uuidForm);
  });

  test("fetch is refused before a request goes out, with the call, its place and what to do", async () => {
    for (const target of ["https://example.org/a", new URL("https://example.org/a"), new Request("https://example.org/a")]) {
      const error: unknown = await inBody(() => fetch(target)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NonDurableAwaitError);
      expect(error).toMatchObject({ message: expect.stringMatching(/fetch\("https:\/\/example\.org\/a"\) at .*deterministic-globals\.test\.ts:\d+:\d+: put it in a step$/), place: expect.stringMatching(/:\d+$/) });
    }
    expect(request).not.toHaveBeenCalled();
  });

  test("a subclass of Date has the run's time, and keeps its own constructor", () => {
    class Day extends Date {
      readonly label = "day";
    }
    const day = inBody(() => new Day());
    expect([day.getTime(), day.label, day instanceof Day, day instanceof Date, day.constructor === Day]).toEqual([timeMs, "day", true, true, true]);
  });
});

describe.each([
  ["outside runs", <T>(fn: () => T) => fn()],
  ["in a step", inStep],
  ["in the body of a transient run", <T>(fn: () => T) => inBody(fn, false)],
])("%s", (_where, call) => {
  test("time and chance are the real ones", () => {
    for (const time of call(times)) expect(time.getTime()).toBeGreaterThan(timeMs);
    expect(call(draws)).not.toEqual(call(draws));
    expect(call(() => randomUUID({ disableEntropyCache: true }))).toMatch(uuidForm);
  });

  test("fetch is the real one", async () => {
    expect(await (await call(() => fetch("https://example.org/a", { method: "POST" }))).text()).toBe("real");
    expect(request).toHaveBeenLastCalledWith("https://example.org/a", { method: "POST" });
  });
});

describe("a Date is what it was", () => {
  const [old, young] = [new UnguardedDate(5), new Date(5)];

  test("made of a number, a text, fields or another Date, in a body as elsewhere", () => {
    const made = () => [new Date(5), new Date("2025-01-15"), new Date(2025, 0, 15), new Date(old), Date.parse("2025-01-15"), Date.UTC(2025, 0, 15)];
    expect(inBody(made)).toEqual(made());
    expect(inBody(() => new Date(undefined as never).getTime())).toBeNaN();
  });

  test("instanceof, prototype and constructor hold for dates from before and after", () => {
    for (const date of [old, young]) expect([date instanceof Date, date instanceof UnguardedDate, date.constructor === Date]).toEqual([true, true, true]);
    expect(Date.prototype).toBe(UnguardedDate.prototype);
    expect([Date.name, Date.length, typeof Date, Object.prototype.toString.call(young)]).toEqual(["Date", 7, "function", "[object Date]"]);
    const { constructor: Again } = young as unknown as { constructor: DateConstructor };
    expect(inBody(() => new Again())).toEqual(new UnguardedDate(timeMs));
  });

  test("clones and the codec take it", () => {
    expect(structuredClone(young)).toEqual(old);
    const stored = inBody(() => encode({ at: new Date() }));
    expect(decode(stored)).toEqual({ at: new UnguardedDate(timeMs) });
    expect(stored).toBe(encode({ at: new UnguardedDate(timeMs) }));
  });

  test("no property became visible that was not", () => {
    expect([Object.keys(Date), Object.keys(Math), Object.keys(Date.prototype), Object.keys(globalThis).includes("Date")]).toEqual([[], [], [], false]);
    expect(currentBody()).toBeUndefined();
  });
});
