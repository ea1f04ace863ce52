import { setTimeout as pause } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { deferred } from "../../src/base/deferred.js";
import { CancellationError, hook, shield, sleep, step, stepContext, workflow, type WorkflowDefinition } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";
import { until } from "../support/project.js";

async function engineFor(...workflows: WorkflowDefinition[]) {
  const engine = await openTestEngine({ workflows });
  onTestFinished(() => engine.close());
  return engine;
}

const said: string[] = [];
const say = step("cancellation.say", async (what: string) => void said.push(what));

test("clean-up at every level runs from the inside to the outside, and waits where it has to", async () => {
  const nested = workflow("cancellation.nested", async () => {
    try {
      try {
        await sleep("30d");
      } finally {
        await shield(async () => {
          await say("inside");
          await sleep("1h");
          await say("inside, an hour later");
        });
      }
    } finally {
      await shield(() => say("outside"));
    }
  });
  const engine = await engineFor(nested);
  const run = await engine.start(nested, undefined);
  await engine.cancel(run.runId, { reason: "test" });
  expect(await run.status()).toBe("suspended");
  await engine.advance("1h");
  expect(await run.status()).toBe("cancelled");
  expect(said).toEqual(["inside", "inside, an hour later", "outside"]);
});

test("what waits side by side is rejected in asking order; what a shield asked for goes on", async () => {
  const order: string[] = [];
  const sideBySide = workflow("cancellation.side_by_side", async () => {
    const wait = async (name: string, waiting: Promise<unknown>) => {
      await waiting.catch((error: unknown) => order.push(`${name} ${(error as Error).name}`));
    };
    const kept = shield(() => sleep("1h")).then(() => order.push("kept"));
    await Promise.all([wait("first", sleep("2d")), wait("second", hook("second")), wait("third", sleep("1d")), kept]);
  });
  const engine = await engineFor(sideBySide);
  const run = await engine.start(sideBySide, undefined);
  await engine.cancel(run.runId);
  await engine.advance("1h");
  expect(await run.status()).toBe("cancelled");
  // A replay says it once more, in the same order.
  const once = ["first CancellationError", "second CancellationError", "third CancellationError"];
  expect(order.slice(0, 3)).toEqual(once);
  expect(order.at(-1)).toBe("kept");
});

test("a running step gets its signal, and what it does then is its own end", async () => {
  let heard: unknown;
  const listens = step("cancellation.listens", async () => {
    const { signal } = stepContext();
    await pause(60_000, undefined, { signal }).catch(() => {
      heard = signal.reason;
    });
    return "stopped halfway";
  });
  const run = workflow("cancellation.listening", async () => listens());
  const engine = await engineFor(run);
  const { runId, ...handle } = await engine.start(run, undefined);
  await engine.cancel(runId);
  await until("the run to end", async () => ((await handle.status()) === "cancelled" ? true : undefined));
  expect(heard).toBeInstanceOf(CancellationError);
  expect(await engine.history(runId)).toContain("step.completed step_cancellation.listens_1");
});

test("a step that does not listen is given up after its grace, and what it returns later is dropped", async () => {
  const late = deferred<string>();
  const deaf = step("cancellation.deaf", async () => late.promise);
  const hears = workflow("cancellation.hears", async () => deaf());
  const engine = await engineFor(hears);
  const run = await engine.start(hears, undefined);
  await engine.cancel(run.runId);
  await engine.advance("9s");
  expect(await run.status()).toBe("running");
  await engine.advance("1s");
  late.resolve("too late");
  expect(await run.status()).toBe("cancelled");
  expect((await engine.history(run.runId)).filter((event) => event.startsWith("step."))).toEqual(["step.started step_cancellation.deaf_1", "step.cancelled step_cancellation.deaf_1"]);
});

test("a step that waits for its next attempt is not tried again", async () => {
  let attempts = 0;
  const stubborn = step({ name: "cancellation.stubborn", retryDelay: "1h" }, async () => {
    attempts++;
    throw new Error("not yet");
  });
  const tries = workflow("cancellation.tries", async () => stubborn());
  const engine = await engineFor(tries);
  const run = await engine.start(tries, undefined);
  await engine.cancel(run.runId);
  expect(await run.status()).toBe("cancelled");
  await engine.advance("1d");
  expect(attempts).toBe(1);
});

test("a body that swallows the error and goes on gets no further, and its run is cancelled all the same", async () => {
  const swallows = workflow("cancellation.swallows", async () => {
    let refused = 0;
    for (let tries = 0; tries < 3; tries++) {
      try {
        await sleep("1h");
      } catch {
        refused++;
      }
    }
    return `${refused} refused`;
  });
  const engine = await engineFor(swallows);
  const run = await engine.start(swallows, undefined);
  await engine.cancel(run.runId);
  expect(await run.status()).toBe("cancelled");
  expect((await engine.history(run.runId)).filter((event) => event.startsWith("sleep."))).toEqual(["sleep.started sleep_1"]);
});

test("an error that the clean-up throws does not make a failed run of a cancelled one", async () => {
  const clumsy = workflow("cancellation.clumsy", async () => {
    try {
      await sleep("1h");
    } finally {
      await shield(async () => {
        throw new Error("the clean-up has a bug");
      });
    }
  });
  const engine = await engineFor(clumsy);
  const run = await engine.start(clumsy, undefined);
  await engine.cancel(run.runId);
  expect(await run.status()).toBe("cancelled");
});

test("by force: the run ends where it stands, without its clean-up", async () => {
  const forced = workflow("cancellation.forced", async () => {
    try {
      await sleep("1h");
    } finally {
      await shield(() => say("forced"));
    }
  });
  const engine = await engineFor(forced);
  const run = await engine.start(forced, undefined);
  await engine.cancel(run.runId, { force: true });
  await engine.advance("2h");
  expect(await run.status()).toBe("cancelled");
  expect(said).not.toContain("forced");
});
