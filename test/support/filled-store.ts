import { encode } from "../../src/base/codec.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf, type RunId, type WorkerId } from "../../src/core/ids.js";
import type { NewRun } from "../../src/core/run.js";
import type { Backend } from "../../src/storage/backend.js";

/** The time in which the stored runs live: 2025-01-15 10:30:00 UTC. */
const storyStart = Date.UTC(2025, 0, 15, 10, 30, 0);

const chargeCard = operationIdOf("step_charge_card", 1);
const shipOrder = operationIdOf("step_ship_order", 1);
const pause = operationIdOf("sleep", 1);

/** The runs of a store that has seen a bit of everything; each a minute younger than the one before. */
export interface FilledStore {
  readonly completed: RunId;
  readonly failed: RunId;
  readonly suspended: RunId;
  readonly parked: RunId;
  readonly cancelled: RunId;
  readonly pending: RunId;
  readonly workerId: WorkerId;
}

export async function fillStore(backend: Backend): Promise<FilledStore> {
  const workerId = newWorkerId(storyStart, chance);
  await backend.registerWorker({ workerId, role: "worker", hostname: "here", pid: 1, version: "v1", concurrency: 10, workflows: ["process_order", "send_mail"], startedAt: storyStart });
  const play = (minute: number, events: (at: number) => readonly WorkflowEvent[], more: Partial<NewRun> = {}) => playRun(backend, { workerId, minute, events, more });
  return {
    workerId,
    completed: await play(0, completes, { tags: ["eu"], idempotencyKey: "order-1" }),
    failed: await play(1, fails),
    suspended: await play(2, suspends),
    parked: await play(3, parks),
    cancelled: await play(4, (at) => [{ type: "workflow.cancelled", at: at + 500, reason: "by hand", cleanupCompleted: true }]),
    pending: await createRun(backend, 5, { workflowName: "send_mail", input: encode({ to: "a@b.example" }) }),
  };
}

interface Play {
  readonly workerId: WorkerId;
  readonly minute: number;
  readonly events: (at: number) => readonly WorkflowEvent[];
  readonly more: Partial<NewRun>;
}

async function playRun(backend: Backend, { workerId, minute, events, more }: Play): Promise<RunId> {
  const runId = await createRun(backend, minute, more);
  const at = storyStart + minute * 60_000;
  const claim = await backend.claim({ workerId, workflows: ["process_order"], version: "v1", company: "any", runId, limit: 1, now: at });
  if (claim.worker === "dead") throw new Error("the worker of the test is alive");
  const fence = claim.claimed[0]?.epoch ?? 0;
  const [result] = await backend.commit([{ runId, fence, seen: 1, events: events(at) }]);
  if (result?.accepted !== true) throw new Error("the commit of the test was refused");
  return runId;
}

async function createRun(backend: Backend, minute: number, more: Partial<NewRun>): Promise<RunId> {
  const createdAt = storyStart + minute * 60_000;
  const run = { workflowName: "process_order", durable: true, input: encode({ orderId: "ORD-1" }), tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3, nestingDepth: 0 };
  const { runId } = await backend.createRun({ runId: newRunId(createdAt, chance), createdAt, ...run, ...more });
  return runId;
}

function completes(at: number): readonly WorkflowEvent[] {
  return [
    { type: "step.started", at, operationId: chargeCard, attempt: 1, after: 1, value: encode(["ORD-1", 49.99]) },
    { type: "step.failed", at: at + 500, operationId: chargeCard, attempt: 1, isRetryable: true, value: encode(new TypeError("no answer")) },
    { type: "step.retrying", at: at + 500, operationId: chargeCard, attempt: 2, resumeAt: at + 1500 },
    { type: "step.started", at: at + 1500, operationId: chargeCard, attempt: 2, after: 1, value: encode(["ORD-1", 49.99]) },
    { type: "step.completed", at: at + 2250, operationId: chargeCard, value: encode({ paid: new Date(storyStart) }) },
    { type: "workflow.completed", at: at + 2500, value: encode({ shipped: true, lines: new Map([["a", 1n]]) }) },
  ];
}

function fails(at: number): readonly WorkflowEvent[] {
  const error = Object.assign(new RangeError("no stock\nleft"), { code: "NO_STOCK" });
  return [
    { type: "step.started", at, operationId: shipOrder, attempt: 1, after: 1, value: encode([]) },
    { type: "step.failed", at: at + 100, operationId: shipOrder, attempt: 1, isRetryable: false, value: encode(error) },
    { type: "workflow.failed", at: at + 200, value: encode(error) },
  ];
}

function suspends(at: number): readonly WorkflowEvent[] {
  const resumeAt = at + 7 * 86_400_000;
  return [
    { type: "sleep.started", at, operationId: pause, resumeAt, after: 1, value: encode(["7d"]) },
    { type: "workflow.suspended", at, reason: "waiting", wakeAt: resumeAt, wakeReason: "timer" },
  ];
}

function parks(at: number): readonly WorkflowEvent[] {
  const error = "step_charge_card_1 is recorded, and the code does not ask for it";
  return [
    { type: "step.started", at, operationId: chargeCard, attempt: 1, after: 1, value: encode([]) },
    { type: "workflow.interrupted", reason: "non_deterministic", at: at + 10, code: "NON_DETERMINISTIC", operationId: chargeCard, place: "workflows/orders.ts:12:3", error, version: "v1", lastEventSequence: 2 },
  ];
}

// Ids of different runs differ in their time alone: what a test says of prefixes holds each time.
function chance(count: number): Uint8Array {
  return new Uint8Array(count);
}
