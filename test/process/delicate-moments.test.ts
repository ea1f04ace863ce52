import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decode } from "../../src/base/codec.js";
import { isOutcome, type EventType, type RecordedEvent } from "../../src/core/events/event.js";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import type { RunStatus } from "../../src/core/run.js";
import { lastOfChain } from "../../src/engine/chain.js";
import { TestProject, until, type WorkerCommand } from "../support/project.js";

// A workflow of each kind loses its process at its most delicate moment, and ends as its twin does, which loses nothing.

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

interface Moment {
  readonly what: string;
  readonly workflow: string;
  readonly input?: unknown;
  /** Right after the commit of this event, or while the step with this effect holds. */
  readonly dies: { readonly after: EventType } | { readonly during: string };
  /** What somebody outside does when the run is suspended. */
  readonly outside?: (runId: RunId) => Promise<void>;
  readonly ends: { readonly status: RunStatus; readonly result?: unknown };
}

const answer = async (runId: RunId) => {
  await suspended(runId);
  await project.resumeHook(runId, operationIdOf("hook_answer", 1), "given");
};
const cancel = async (runId: RunId) => {
  await suspended(runId);
  await project.cancel(runId);
};
const cancelWithChild = async (runId: RunId) => {
  await until("the child to wait", async () => (await project.withStore((store) => store.listRuns({ parentId: runId, statuses: ["suspended"], limit: 1 })))[0]);
  await cancel(runId);
};

const moments: readonly Moment[] = [
  { what: "between hook.received and the resume", workflow: "asking", dies: { after: "workflow.resumed" }, outside: answer, ends: { status: "completed", result: ["before", "given", "after"] } },
  { what: "between hook.created and onCreated", workflow: "announcing", dies: { after: "hook.created" }, outside: answer, ends: { status: "completed", result: ["given", "after"] } },
  { what: "while onCreated runs", workflow: "announcing", dies: { during: "told" }, outside: answer, ends: { status: "completed", result: ["given", "after"] } },
  { what: "between child_workflow.started and the child's first step", workflow: "nesting", dies: { after: "child_workflow.started" }, ends: { status: "completed", result: ["before", "leaf 1", "after"] } },
  { what: "between the end of a child and the wake of its parent", workflow: "nesting", dies: { after: "child_workflow.completed" }, ends: { status: "completed", result: ["before", "leaf 1", "after"] } },
  { what: "between continue-as-new and the successor's first step", workflow: "counting", input: 1, dies: { after: "workflow.continued_as_new" }, ends: { status: "continued_as_new", result: "count 3" } },
  { what: "between the request to cancel and its delivery", workflow: "cleaning", dies: { after: "workflow.resumed" }, outside: cancel, ends: { status: "cancelled" } },
  { what: "between the cancellation of a parent and that of its child", workflow: "calling", dies: { after: "cancellation.requested" }, outside: cancelWithChild, ends: { status: "cancelled" } },
  { what: "during the clean-up after a cancellation", workflow: "cleaning", dies: { during: "clean up" }, outside: cancel, ends: { status: "cancelled" } },
  { what: "while a retry is waited for", workflow: "retrying", dies: { after: "step.retrying" }, ends: { status: "completed", result: ["before", 2, "after"] } },
];

describe.each([
  { who: "the worker", all: false },
  { who: "the worker and its supervisor", all: true },
])("$who is killed", ({ all }) => {
  test.each(moments)("$what", async (moment) => {
    const { workflow, input, dies, outside, ends } = moment;
    const died = "after" in dies ? project.diesAfter(dies.after, { all }) : undefined;
    const workers = await project.runWorkers("-n", "1").ready();
    const runId = await project.startRun(workflow, input);

    const death = died?.() ?? killedDuring(moment, all ? workers : undefined);
    await Promise.all([outside?.(runId), death.then(() => startedAgain(all ? workers : undefined))]);
    const disturbed = await outlineOf(runId);
    const effects = whatWasDone();
    const twin = await project.startRun(workflow, input);
    await outside?.(twin);

    expect(disturbed).toEqual(await outlineOf(twin));
    expect(disturbed).toMatchObject(ends);
    // Nothing is done twice but the step that was under way.
    const undisturbed = whatWasDone().slice(effects.length);
    expect(effects).toEqual(undisturbed.flatMap((what) => ("during" in dies && what === dies.during ? [what, what] : [what])));
  });
});

test("what came while no process lived is seen by the next one", async () => {
  const first = await project.runWorkers("-n", "1").ready();
  const [asking, cleaning] = [await project.startRun("asking"), await project.startRun("cleaning")];
  await suspended(asking);
  await suspended(cleaning);
  await first.end();
  project.touch("go");
  await answer(asking);
  await cancel(cleaning);

  await project.runWorkers("-n", "1").ready();
  const [answered, cancelled] = [await project.ended(asking), await project.ended(cleaning)];

  expect([answered.status, answered.result && decode(answered.result)]).toEqual(["completed", ["before", "given", "after"]]);
  expect([cancelled.status, (await project.history(cleaning)).at(-1)]).toMatchObject(["cancelled", { cleanupCompleted: true }]);
  expect(whatWasDone().filter((what) => what.startsWith("clean"))).toEqual(["clean up", "cleaned up"]);
});

test("a run that was asked to end, and may not be recovered, ends cancelled", async () => {
  const workers = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("cleaning", undefined, { maxRecoveryAttempts: 0 });
  await cancel(runId);
  process.kill(await project.pidOf("clean up"), "SIGKILL");

  expect(await project.ended(runId)).toMatchObject({ status: "cancelled" });
  expect((await project.eventTypes(runId)).slice(-2)).toEqual(["workflow.interrupted", "workflow.cancelled"]);
  expect((await project.history(runId)).at(-1)).toMatchObject({ cleanupCompleted: false });
  expect(whatWasDone()).toEqual(["tidy", "clean up"]);
  await workers.end();
});

test("maxDuration that runs out while no process lives fails the run at its next claim", async () => {
  project.env["NODE_OPTIONS"] = `--require ${resolve("test/fixtures/jumping-clock.cjs")}`;
  const first = await project.runWorkers("-n", "1").ready();
  const runId = await project.startRun("sleepy", undefined, { maxDurationMs: 1_800_000 });
  await suspended(runId);
  await first.end();
  project.touch("clock-offset.txt", "3600000");

  await project.runWorkers("-n", "1").ready();
  const run = await project.ended(runId);

  expect([run.status, run.error && decode(run.error)]).toMatchObject(["failed", { code: "WORKFLOW_TIMEOUT" }]);
  expect(await project.eventTypes(runId)).toEqual([
    "workflow.started", "step.started", "step.completed", "sleep.started", "workflow.suspended", "workflow.resumed", "workflow.failed",
  ]);
  expect(whatWasDone()).toEqual(["before"]);
});

function suspended(runId: RunId): Promise<unknown> {
  return project.runOnce(runId, ({ status }) => status === "suspended");
}

function whatWasDone(): readonly string[] {
  return project.effects().map(({ what }) => what);
}

/** Kills the process that holds at this effect; where they are given, all of the workers. */
async function killedDuring({ dies }: Moment, workers: WorkerCommand | undefined): Promise<void> {
  const pid = await project.pidOf("during" in dies ? dies.during : "");
  if (workers === undefined) process.kill(pid, "SIGKILL");
  else workers.killAll();
}

/** A supervisor that lives replaces its process; one that does not is replaced here. */
async function startedAgain(dead: WorkerCommand | undefined): Promise<void> {
  await dead?.exited;
  project.touch("go");
  if (dead !== undefined) await project.runWorkers("-n", "1").ready();
}

/** How a run ended and what its code saw on the way, its successors and children included: nothing that tells of processes. */
async function outlineOf(runId: RunId): Promise<unknown> {
  const [run, history] = [await project.ended(runId), await project.history(runId)];
  expect(findingsOf(run, history)).toEqual([]);
  expect(history.filter((event, index) => startsTooEarly(event, history.slice(0, index)))).toEqual([]);
  const outcomes = history.filter(isOutcome).map((event) => [event.type, event.operationId, "value" in event ? decode(event.value) : undefined]);
  const children = history.flatMap((event) => (event.type === "child_workflow.started" ? [event.childRunId] : []));
  const relatives = await Promise.all([...children, ...(run.continuedTo ? [run.continuedTo] : [])].map(outlineOf));
  const last = await project.withStore((store) => lastOfChain(store, runId));
  return { status: run.status, result: last.result && decode(last.result), outcomes, end: history.at(-1)?.type, relatives };
}

/** An attempt that does not wait for its time. */
function startsTooEarly(event: RecordedEvent, before: readonly RecordedEvent[]): boolean {
  return event.type === "step.started" && before.some((earlier) => earlier.type === "step.retrying" && earlier.operationId === event.operationId && earlier.resumeAt > event.at);
}
