// The workflows that the benchmarks execute, in this process and in worker processes.
import { appendFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { hook, step, stepContext, workflow } from "pyworkflow";
import { systemClock } from "../dist/base/clock.js";

export const noop = step("noop", async () => undefined);

export const noSteps = workflow("no_steps", async () => undefined);

/** Input: how many steps, one after the other. */
export const noopSteps = workflow("noop_steps", async (/** @type {number} */ count) => {
  for (let n = 0; n < count; n++) await noop();
});

export const oneStep = workflow("one_step", async () => noop());

/** Waits for a payload from outside. */
export const waiting = workflow("waiting", async () => hook("go"));

let watching = false;

/** The first of these in a process watches its event loop from then on, and writes the p99 to `file` at the end. */
const watchedNoop = step("watched_noop", async (/** @type {string} */ file) => {
  if (watching) return;
  watching = true;
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  process.on("exit", () => appendFileSync(file, `${delays.percentile(99) / 1e6}\n`));
});

/** Input: a file for the event loop delays of the processes, in milliseconds. */
export const watchedSteps = workflow("watched_steps", async (/** @type {string} */ file) => {
  for (let n = 0; n < 10; n++) await watchedNoop(file);
});

const effect = step("effect", async (/** @type {string} */ file, /** @type {number} */ takesMs) => {
  appendFileSync(file, `${stepContext().runId} ${process.pid} ${systemClock.now()}\n`);
  await pause(takesMs);
});

/** Goes on until it is killed. Each step begins with a line in `file`: its run, its process, and when. */
export const effects = workflow("effects", async (/** @type {{ file: string, stepMs: number }} */ { file, stepMs }) => {
  for (;;) await effect(file, stepMs);
});

const hour = step("hour", async (/** @type {string} */ file) => {
  const { runId, signal } = stepContext();
  const tell = () => appendFileSync(file, `${runId} ${process.pid} ${systemClock.now()}\n`);
  tell();
  await pause(3_600_000, undefined, { signal }).finally(tell);
});

/** A step of one hour. A line in `file` says when it begins, another when it is aborted. */
export const lasting = workflow("lasting", async (/** @type {string} */ file) => hour(file));

const memory = step("memory", async () => process.memoryUsage().rss);

/** The resident bytes of the process that executes it. */
export const tellMemory = workflow("tell_memory", async () => memory());
