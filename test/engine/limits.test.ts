import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { decode } from "../../src/base/codec.js";
import {
  continueAsNew,
  EventLimitExceededError,
  hook,
  PayloadTooLargeError,
  RunFailedError,
  sleep,
  step,
  stepContext,
  StepHeartbeatTimeoutError,
  StepTimeoutError,
  workflow,
  WorkflowTimeoutError,
  type RunHandle,
  type WorkflowDefinition,
} from "../../src/index.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { openTestEngine } from "../../src/testing/index.js";
import { startProcess, startRun } from "../support/in-memory.js";

async function engineFor(...workflows: WorkflowDefinition[]) {
  const engine = await openTestEngine({ workflows });
  onTestFinished(() => engine.close());
  return engine;
}

async function failureOf(run: RunHandle): Promise<unknown> {
  const error: unknown = await run.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RunFailedError);
  return (error as RunFailedError).cause;
}

const hanging = step("limits.hanging", async () => new Promise<never>(() => {}));

describe("maxDuration", () => {
  const waits = {
    "a sleep": async () => sleep("30d"),
    "a hook": async () => hook("never"),
    "a step": async () => hanging(),
    "one step after another": async () => {
      for (;;) await sleep("1m");
    },
  };

  test.each(Object.entries(waits))("fails a run that is in %s", async (what, wait) => {
    const name = `limits.in_${what.replaceAll(" ", "_")}`;
    const limited = workflow({ name, maxDuration: "1h" }, async () => wait());
    const engine = await engineFor(limited);
    const run = await engine.start(limited, undefined);
    await engine.advance("59m");
    expect(["running", "suspended"]).toContain(await run.status());
    await engine.advance("1m");
    expect(await failureOf(run)).toBeInstanceOf(WorkflowTimeoutError);
  });

  test("can't be caught, and runs no finally: the run is over wherever it stands", async () => {
    const seen: string[] = [];
    const clings = workflow({ name: "limits.clings", maxDuration: "1h" }, async () => {
      try {
        await sleep("30d");
      } finally {
        seen.push("finally");
      }
    });
    const engine = await engineFor(clings);
    const run = await engine.start(clings, undefined);
    await engine.advance("1h");
    expect(await run.status()).toBe("failed");
    expect(seen).toEqual([]);
  });

  test("is the time of each run of a chain, not of the chain", async () => {
    const chained = workflow({ name: "limits.chained", maxDuration: "1h" }, async (round: number): Promise<number> => {
      await sleep("50m");
      return round === 3 ? round : continueAsNew(round + 1);
    });
    const engine = await engineFor(chained);
    const run = await engine.start(chained, 1);
    await engine.advance("150m");
    expect(await run.result()).toBe(3);
  });
});

describe("limits.event_hard", () => {
  const one = step("limits.one", async (n: number) => n);

  test("fails the run, and what its body had just asked for is not called forgotten", async () => {
    const counts = workflow("limits.counts", async () => {
      for (let n = 0; ; n++) await one(n);
    });
    const backend = createMemoryBackend();
    const { claim, executor, notes } = await startProcess(backend, { workflows: [counts], limits: { eventHard: 20 } });
    const runId = await startRun(backend, counts);
    await Promise.all((await claim()).map((run) => executor.execute(run)));
    const run = await backend.getRun(runId);
    expect(run?.error && decode(run.error)).toBeInstanceOf(EventLimitExceededError);
    expect(notes.filter(({ message }) => message.includes("never carried out"))).toEqual([]);
  });
});

describe("the timeout of a step", () => {
  test("is that of an attempt: the next one has all of it, and only the last failure reaches the body", async () => {
    const attempts: number[] = [];
    const slow = step({ name: "limits.slow", timeout: "10s", maxRetries: 2, retryDelay: "1s" }, async () => {
      attempts.push(stepContext().attempt);
      return new Promise<never>(() => {});
    });
    const patient = workflow("limits.patient", async () => slow());
    const engine = await engineFor(patient);
    const run = await engine.start(patient, undefined);
    await engine.advance("32s");
    expect(await failureOf(run)).toBeInstanceOf(StepTimeoutError);
    expect(attempts).toEqual([1, 2, 3]);
  });
});

describe("heartbeatTimeout", () => {
  test("lets a step take as long as it likes while it gives signs of life", async () => {
    const alive = step({ name: "limits.alive", heartbeatTimeout: "10s" }, async () => {
      const context = stepContext();
      for (let beats = 0; beats < 10; beats++) {
        context.heartbeat();
        await sleep(0);
        await engine.advance("9s");
      }
      return "alive";
    });
    const living = workflow("limits.living", async () => alive());
    const engine = await openTestEngine({ workflows: [living] });
    const run = await engine.start(living, undefined);
    expect(await run.result()).toBe("alive");
    await engine.close();
  });

  test("fails an attempt that falls silent, and aborts its signal", async () => {
    let reason: unknown;
    const silent = step({ name: "limits.silent", heartbeatTimeout: "10s", maxRetries: 0 }, async () => {
      const { signal } = stepContext();
      await pause(60_000, undefined, { signal }).catch(() => {
        ({ reason } = signal);
      });
    });
    const silenced = workflow("limits.silenced", async () => silent());
    const engine = await engineFor(silenced);
    const run = await engine.start(silenced, undefined);
    await engine.advance("10s");
    expect(await failureOf(run)).toBeInstanceOf(StepHeartbeatTimeoutError);
    expect(reason).toBeInstanceOf(StepHeartbeatTimeoutError);
  });
});

describe("the size of a value", () => {
  const tooMuch = "x".repeat(1_048_576);
  const takes = step("limits.takes", async (text: string) => text.length);
  const gives = step("limits.gives", async () => tooMuch);

  test("an argument that is too large rejects the call, and nothing is recorded", async () => {
    const passes = workflow("limits.passes", async () => takes(tooMuch).catch((error: unknown) => (error as Error).name));
    const engine = await engineFor(passes);
    const run = await engine.start(passes, undefined);
    expect(await run.result()).toBe("PayloadTooLargeError");
    expect(await engine.history(run.runId)).toEqual(["workflow.started", "workflow.completed"]);
  });

  test("a result that is too large fails its step at once: the next attempt would be as large", async () => {
    const asks = workflow("limits.asks", async () => gives());
    const engine = await engineFor(asks);
    const run = await engine.start(asks, undefined);
    expect(await failureOf(run)).toBeInstanceOf(PayloadTooLargeError);
    expect((await engine.history(run.runId)).filter((event) => event.startsWith("step.started"))).toHaveLength(1);
  });

  test("a workflow's result that is too large fails the run; an input is refused at the door", async () => {
    const returns = workflow("limits.returns", async (text: string) => text.repeat(3));
    const engine = await engineFor(returns);
    const run = await engine.start(returns, tooMuch.slice(0, 500_000));
    expect(await failureOf(run)).toBeInstanceOf(PayloadTooLargeError);
    await expect(engine.start(returns, tooMuch)).rejects.toThrow(PayloadTooLargeError);
  });

  test("a payload that is too large is refused where it is given, and the hook waits on", async () => {
    const listens = workflow("limits.listens", async () => hook("text"));
    const engine = await engineFor(listens);
    const run = await engine.start(listens, undefined);
    await expect(engine.resumeHook(`${run.runId}:hook_text_1`, tooMuch)).rejects.toThrow(PayloadTooLargeError);
    await engine.resumeHook(`${run.runId}:hook_text_1`, "short");
    expect(await run.result()).toBe("short");
  });
});
