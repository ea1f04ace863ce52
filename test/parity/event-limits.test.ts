import { expect, test } from "vitest";
import { EventLimitExceededError, sleep, step, workflow, type ExecutorNote } from "../../src/index.js";
import { loadConfig } from "../../src/config/load-config.js";
import { errorOf, openParity } from "./support.js";

const nothing = step("parity.nothing", async () => {});
const loops = workflow("parity.loops", async (steps: number) => {
  for (let n = 0; n < steps; n++) await nothing();
});

function warnings(notes: readonly ExecutorNote[]): readonly string[] {
  return notes.filter(({ level }) => level === "warn").map(({ message }) => message);
}

function limits(soft: number, hard: number, interval: number): string {
  return `limits: { event_soft: ${soft}, event_hard: ${hard}, event_warning_interval: ${interval} }\n`;
}

test("a run that reaches the hard limit fails with the limit and its own id", async () => {
  const { engine, history } = await openParity({ workflows: [loops], config: limits(100, 6, 100) });
  const run = await engine.start(loops, 50);
  const error = await errorOf(run.result());
  expect(error).toMatchObject({ code: "RUN_FAILED", cause: { code: "EVENT_LIMIT", limit: 6, runId: run.runId, message: expect.stringContaining("6 events") } });
  expect((error as Error).cause).toBeInstanceOf(EventLimitExceededError);
  expect((await history(run)).length).toBeLessThanOrEqual(8);
});

test("a body can't catch it, nor go on behind it", async () => {
  const stubborn = workflow("parity.stubborn", async () => {
    for (;;) await nothing().catch(() => {});
  });
  const { engine } = await openParity({ workflows: [stubborn], config: limits(100, 6, 100) });
  expect(await errorOf((await engine.start(stubborn, undefined)).result())).toMatchObject({ cause: { code: "EVENT_LIMIT" } });
});

test("from the soft limit on it is warned about, once in each interval, with both numbers", async () => {
  const notes: ExecutorNote[] = [];
  const { engine } = await openParity({ workflows: [loops], config: limits(5, 100, 6), onNote: (note) => void notes.push(note) });
  const run = await engine.start(loops, 9);
  await run.result();
  expect(warnings(notes)).toEqual(["the run has 5 events; it fails at 100", "the run has 11 events; it fails at 100", "the run has 17 events; it fails at 100"]);
  expect(notes.every(({ runId }) => runId === run.runId)).toBe(true);
});

test("below the soft limit, and in a transient run, nothing is said", async () => {
  const notes: ExecutorNote[] = [];
  const loose = workflow({ name: "parity.loose", durable: false }, async () => {
    for (let n = 0; n < 20; n++) await nothing();
    await sleep("1ms");
  });
  const { engine } = await openParity({ workflows: [loops, loose], config: limits(30, 40, 1), onNote: (note) => void notes.push(note) });
  await (await engine.start(loops, 5)).result();
  await (await engine.start(loose, undefined)).result();
  expect(warnings(notes)).toEqual([]);
});

test("unless told otherwise it is warned about from ten thousand events on, every hundred, and fails at fifty thousand", async () => {
  const { limits: fallback } = await loadConfig({ cwd: "/", env: {}, flags: { config: false } });
  expect(fallback).toMatchObject({ eventSoft: 10_000, eventWarningInterval: 100, eventHard: 50_000 });
});
