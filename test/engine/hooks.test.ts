import { expect, onTestFinished, test } from "vitest";
import { FatalError, hook, HookDisposedError, HookExpiredError, sleep, step, workflow, type WorkflowDefinition } from "../../src/index.js";
import { openTestEngine } from "../../src/testing/index.js";

async function engineFor(...workflows: WorkflowDefinition[]) {
  const engine = await openTestEngine({ workflows });
  onTestFinished(() => engine.close());
  return engine;
}

const note = step("hooks.note", async (text: string) => text);

const races = workflow("hooks.races", async () => {
  const winner = await Promise.race([hook<string>("answer"), sleep("1h").then(() => "nobody")]);
  await sleep("1h");
  return winner;
});

test("a hook that is resumed before the sleep beside it wins the race, and the sleep's end changes nothing", async () => {
  const engine = await engineFor(races);
  const run = await engine.start(races, undefined);
  await engine.resumeHook(`${run.runId}:hook_answer_1`, "grace");
  await engine.advance("2h");
  expect(await run.result()).toBe("grace");
});

test("a hook that lost its race can be resumed as long as its run lives, and then no more", async () => {
  const engine = await engineFor(races);
  const [resumed, late] = [await engine.start(races, undefined), await engine.start(races, undefined)];
  await engine.advance("90m");
  await engine.resumeHook(`${resumed.runId}:hook_answer_1`, "too late to win");
  await engine.advance("1h");
  expect([await resumed.result(), await late.result()]).toEqual(["nobody", "nobody"]);
  expect(await engine.history(late.runId)).toContain("hook.disposed hook_answer_1");
  await expect(engine.resumeHook(`${late.runId}:hook_answer_1`, "grace")).rejects.toThrow(HookDisposedError);
});

test("what expired can be asked for again: each wait is a hook of its own, with its own time", async () => {
  const persistent = workflow("hooks.persistent", async () => {
    for (let round = 1; ; round++) {
      try {
        return { round, answer: await hook<string>("asked", { timeout: "1d" }) };
      } catch (error) {
        if (!(error instanceof HookExpiredError)) throw error;
        await note(`round ${round}: ${error.token.split(":")[1]}`);
      }
    }
  });
  const engine = await engineFor(persistent);
  const run = await engine.start(persistent, undefined);
  await engine.advance("49h");
  expect(await engine.pendingHooks()).toMatchObject([{ token: `${run.runId}:hook_asked_3`, expiresAt: new Date("2025-01-04T00:00:00Z") }]);
  await engine.resumeHook(`${run.runId}:hook_asked_3`, "yes");
  expect(await run.result()).toEqual({ round: 3, answer: "yes" });
});

test("onCreated is tried again like any step, and the wait goes on meanwhile", async () => {
  let calls = 0;
  const mails = workflow("hooks.mails", async () =>
    hook("mailed", {
      onCreated: () => {
        if (++calls < 3) throw new Error("no mail server");
      },
    }),
  );
  const engine = await engineFor(mails);
  const run = await engine.start(mails, undefined);
  await engine.advance("1m");
  expect(calls).toBe(3);
  await engine.resumeHook(`${run.runId}:hook_mailed_1`, "opened");
  expect(await run.result()).toBe("opened");
});

test("an onCreated that fails for good rejects the wait: nobody would ever resume it", async () => {
  const unheard = workflow("hooks.unheard", async () => {
    const told = hook("unheard", {
      onCreated: () => {
        throw new FatalError("no such address");
      },
    });
    return told.catch(async (error: unknown) => note(`gave up: ${(error as Error).message}`));
  });
  const engine = await engineFor(unheard);
  const run = await engine.start(unheard, undefined);
  expect(await run.result()).toBe("gave up: no such address");
  expect(await engine.pendingHooks()).toEqual([]);
});

test("who is told of a token can resume it in that moment", async () => {
  const resumed: Promise<void>[] = [];
  const prompt = workflow("hooks.prompt", async () => hook("prompt", { onCreated: (token) => void resumed.push(engine.resumeHook(token, "at once")) }));
  const engine = await engineFor(prompt);
  const run = await engine.start(prompt, undefined);
  expect(await run.result()).toBe("at once");
  await Promise.all(resumed);
});

test("two hundred hooks of one run are resumed in any order, and each gets its own payload", async () => {
  const many = workflow("hooks.many", async (count: number) => Promise.all(Array.from({ length: count }, (_, n) => hook<number>(`n${n}`))));
  const engine = await engineFor(many);
  const run = await engine.start(many, 200);
  for (let n = 199; n >= 0; n--) await engine.resumeHook(`${run.runId}:hook_n${n}_1`, n);
  expect(await run.result()).toEqual(Array.from({ length: 200 }, (_, n) => n));
});
