import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { until } from "../support/project.js";
import { ConfigError, InvalidInputError, NonDurableAwaitError, openEngine, RunFailedError, sleep, step, workflow } from "../../src/index.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-engine-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const storage = () => `sqlite:${join(folder, "app.db")}`;

const greet = step("embedded.greet", async (name: string) => `Hello ${name}`);
const hello = workflow({ name: "embedded.hello", input: z.object({ name: z.string() }) }, async ({ name }) => {
  const text = await greet(name);
  await sleep("10ms");
  return { text };
});
const failing = workflow("embedded.failing", async () => {
  await greet("nobody");
  throw new RangeError("too far");
});
const impatient = workflow("embedded.impatient", async () => {
  const late = async () => {
    await readFile("package.json");
    return greet("late");
  };
  return Promise.all([greet("early"), late()]);
});

test("a program starts a run and awaits its result", async () => {
  const engine = await openEngine({ storage: storage(), config: false, workflows: [hello] });
  const run = await engine.start(hello, { name: "Ada" });
  expect(await run.result()).toEqual({ text: "Hello Ada" });
  expect(await engine.run(run.runId).status()).toBe("completed");
  await engine.close();
});

test("one idempotency key is one run", async () => {
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [hello] });
  const handles = await Promise.all([1, 2, 3].map(() => engine.start(hello, { name: "Ada" }, { idempotencyKey: "k" })));
  expect(new Set(handles.map(({ runId }) => runId)).size).toBe(1);
  await engine.close();
});

test("a failed run rejects with the error of its body as the cause", async () => {
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [failing] });
  const error: unknown = await (await engine.start(failing, undefined)).result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RunFailedError);
  expect((error as Error).cause).toMatchObject({ name: "RangeError", message: "too far" });
  await engine.close();
});

test("a body that awaits a file before its step is refused, naming the call", async () => {
  const engine = await openEngine({ storage: storage(), config: false, workflows: [impatient] });
  const error: unknown = await (await engine.start(impatient, undefined)).result().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NonDurableAwaitError);
  expect(error).toMatchObject({ operationId: "step_embedded.greet_2", message: expect.stringContaining("step_embedded.greet_2") });
  await engine.close();
});

test("bad input and a bad address are refused before anything is recorded", async () => {
  await expect(openEngine({ storage: "postgres", config: false })).rejects.toBeInstanceOf(ConfigError);
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [hello] });
  await expect(engine.start(hello, { name: 5 } as unknown as { name: string })).rejects.toBeInstanceOf(InvalidInputError);
  await engine.close();
});

test("what a closed engine did not finish goes on in the next one", async () => {
  const first = await openEngine({ storage: storage(), config: false, workflows: [hello], execute: false });
  const { runId } = await first.start(hello, { name: "Bo" });
  await first.close();
  const second = await openEngine({ storage: storage(), config: false, workflows: [hello] });
  expect(await second.run(runId).result()).toEqual({ text: "Hello Bo" });
  await second.close();
});

test("what TypeScript would have refused is refused to a program in JavaScript, too", async () => {
  for (const concurrency of [0, -1, 1.5, Number.NaN]) {
    await expect(openEngine({ storage: "memory:", config: false, concurrency })).rejects.toThrow(`openEngine({ concurrency }): concurrency is ${concurrency}`);
  }
  for (const path of [":memory:", "file:app.db"]) await expect(openEngine({ storage: `sqlite:${path}`, config: false })).rejects.toThrow(ConfigError);
  const engine = await openEngine({ storage: "memory:", config: false, workflows: [hello] });
  for (const wrong of [undefined, "embedded.hello", { name: "embedded.hello" }, greet]) {
    await expect(engine.start(wrong as never, {})).rejects.toMatchObject({ code: "INVALID_DEFINITION", hint: expect.stringContaining("workflow()") as string });
  }
  for (const idempotencyKey of ["", null as never, 5 as never]) {
    await expect(engine.start(hello, { name: "Ada" }, { idempotencyKey })).rejects.toMatchObject({ code: "INVALID_DEFINITION", message: expect.stringContaining("idempotencyKey") as string });
  }
  for (const wrong of [undefined, null, 5, {}, engine.start(hello, { name: "Ada" })] as never[]) {
    expect(() => engine.run(wrong)).toThrow(`there is no run ${String(wrong)} in this store`);
    await expect(engine.cancel(wrong)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
    await expect(engine.resumeHook(wrong, 1)).rejects.toMatchObject({ code: "INVALID_TOKEN", message: expect.stringContaining("is no hook token") as string });
  }
  await engine.close();
});

const ticking = workflow({ name: "embedded.ticking", schedule: { interval: "1h", description: "beats" } }, async () => "ticked");

test("what a workflow declares is stored when the engine is open, and starts by itself", async () => {
  const engine = await openEngine({ storage: storage(), config: false, workflows: [ticking] });
  expect(await engine.schedules.get("auto_embedded.ticking")).toMatchObject({ workflowName: "embedded.ticking", status: "active", options: { description: "beats" } });
  const runId = await until("the first run", async () => (await engine.schedules.ticks("auto_embedded.ticking"))[0]?.runId);
  expect(await engine.run(runId).result()).toBe("ticked");
  await engine.close();
});

test.each([{ scheduler: false }, { execute: false }])("with %o it starts nothing by itself; another engine does", async (options) => {
  const patient = await openEngine({ storage: storage(), config: false, workflows: [ticking], ...options });
  await patient.schedules.create(ticking, { scheduleId: "mine", interval: "1h" });
  const other = await openEngine({ storage: storage(), config: false, workflows: [ticking] });
  const [tick] = await until("the other's tick", async () => some(await patient.schedules.ticks("mine")));
  expect(tick).toMatchObject({ decision: "fired" });
  await other.close();
  await patient.close();
});

test("an engine that does not schedule stores what is declared, and leaves it there", async () => {
  const engine = await openEngine({ storage: storage(), config: false, workflows: [ticking], scheduler: false });
  const before = await engine.schedules.get("auto_embedded.ticking");
  expect(before).toMatchObject({ status: "active", totalRuns: 0 });
  const run = await engine.start(ticking, undefined);
  expect(await run.result()).toBe("ticked");
  expect(await engine.schedules.ticks("auto_embedded.ticking")).toEqual([]);
  await engine.close();
});

function some<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
