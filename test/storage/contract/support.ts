import { afterEach, beforeEach } from "vitest";
import { encode } from "../../../src/base/codec.js";
import type { WorkflowEvent } from "../../../src/core/events/event.js";
import type { HookCreated } from "../../../src/core/events/hook.js";
import { newRunId, newWorkerId, operationIdOf, type OperationId, type RandomBytes, type RunId, type WorkerId } from "../../../src/core/ids.js";
import type { NewRun, RunRecord } from "../../../src/core/run.js";
import type { Backend, ClaimRequest, ClaimResult, CommitResult, NewWorker, RunCommit } from "../../../src/storage/backend.js";

/** One store and two ways in; a backend that lives in one process gives the same one twice. */
export interface TestStore {
  readonly backend: Backend;
  readonly other: Backend;
  destroy(): Promise<void>;
}

export type MakeStore = () => Promise<TestStore>;

/** A fresh store for each test of the block. */
export function eachWith(make: MakeStore): { readonly backend: Backend; readonly other: Backend } {
  let store: TestStore | undefined;
  beforeEach(async () => {
    store = await make();
  });
  afterEach(async () => store?.destroy());
  return {
    get backend() {
      return opened(store).backend;
    },
    get other() {
      return opened(store).other;
    },
  };
}

function opened(store: TestStore | undefined): TestStore {
  if (!store) throw new Error("the store is opened before each test, not before");
  return store;
}

let count = 0;
// Ids that differ and repeat from run to run of the tests.
const bytes: RandomBytes = (length) => {
  count++;
  return Uint8Array.from({ length }, (_, index) => (index < 12 ? 0 : Math.floor(count / 32 ** (15 - index)) % 32));
};

export const t0 = 1_700_000_000_000;

export function run(change: Partial<NewRun> = {}): NewRun {
  return {
    runId: newRunId(change.createdAt ?? t0, bytes),
    workflowName: "order",
    durable: true,
    input: encode({ orderId: "o-1" }),
    createdAt: t0,
    tags: [],
    recoverOnWorkerLoss: true,
    maxRecoveryAttempts: 3,
    nestingDepth: 0,
    ...change,
  };
}

export function worker(change: Partial<NewWorker> = {}): NewWorker {
  return {
    workerId: newWorkerId(t0, bytes),
    role: "worker",
    hostname: "host",
    pid: 42,
    version: "v1",
    concurrency: 10,
    workflows: ["order"],
    startedAt: t0,
    ...change,
  };
}

export function request(workerId: WorkerId, change: Partial<ClaimRequest> = {}): ClaimRequest {
  return { workerId, workflows: ["order"], version: "v1", company: "any", limit: 10, now: t0 + 1000, ...change };
}

export async function enter(backend: Backend, change: Partial<NewWorker> = {}): Promise<WorkerId> {
  const newWorker = worker(change);
  await backend.registerWorker(newWorker);
  return newWorker.workerId;
}

/** What was claimed; the worker is alive. */
export async function claimed(backend: Backend, wanted: ClaimRequest): Promise<readonly RunRecord[]> {
  return alive(await backend.claim(wanted)).claimed;
}

export function alive(result: ClaimResult): Extract<ClaimResult, { worker: "alive" }> {
  if (result.worker !== "alive") throw new Error("the worker is dead");
  return result;
}

/** A run that a new worker has just claimed. */
export async function running(backend: Backend, change: Partial<NewRun> = {}): Promise<RunRecord> {
  const { runId } = await backend.createRun(run(change));
  const workerId = await enter(backend);
  const workflows = [change.workflowName ?? "order"];
  return only(await claimed(backend, request(workerId, { runId, workflows, now: Number.MAX_SAFE_INTEGER })));
}

export function only<T>(items: readonly T[]): T {
  const [first] = items;
  if (items.length !== 1 || first === undefined) throw new Error(`one item expected, there are ${items.length}`);
  return first;
}

export async function commitOne(backend: Backend, member: RunCommit): Promise<CommitResult> {
  return only(await backend.commit([member]));
}

export async function record(backend: Backend, runId: RunId): Promise<RunRecord> {
  const found = await backend.getRun(runId);
  if (!found) throw new Error(`run ${runId} is gone`);
  return found;
}

/** Listens from now on, until it is called once. */
export function nextWake(backend: { onWake(listener: () => void): () => void }): Promise<string> {
  return new Promise((resolve) => {
    const leave = backend.onWake(() => {
      leave();
      resolve("woken");
    });
  });
}

const charge = operationIdOf("step_charge", 1);
export const started: WorkflowEvent = { type: "step.started", at: t0 + 1, operationId: charge, attempt: 1, after: 1, value: encode([1]) };
export const completed: WorkflowEvent = { type: "step.completed", at: t0 + 2, operationId: charge, value: encode("paid") };
export const ended: WorkflowEvent = { type: "workflow.completed", at: t0 + 3, value: encode({ paid: true }) };
export const cancelRequested: WorkflowEvent = { type: "cancellation.requested", at: t0 + 4, requestedBy: "somebody" };
export const suspended = (wakeAt?: number): WorkflowEvent => ({
  type: "workflow.suspended",
  at: t0 + 5,
  reason: "waiting",
  ...(wakeAt !== undefined && { wakeAt, wakeReason: "timer" }),
});
export const parked = (version: string): WorkflowEvent => ({
  type: "workflow.interrupted",
  at: t0 + 6,
  reason: "non_deterministic",
  code: "NON_DETERMINISTIC",
  operationId: charge,
  error: "charge was not asked for",
  place: "order.ts:3:7",
  version,
  lastEventSequence: 1,
});
export const hookCreated = (operationId: OperationId, expiresAt?: number): HookCreated => ({
  type: "hook.created",
  at: t0 + 10,
  operationId,
  name: operationId.slice("hook_".length, operationId.lastIndexOf("_")),
  after: 1,
  ...(expiresAt !== undefined && { expiresAt }),
});
export const released = (reservedFor?: string): WorkflowEvent => ({ type: "workflow.suspended", at: t0 + 7, reason: "released", ...(reservedFor !== undefined && { reservedFor }) });
export const failed: WorkflowEvent = { type: "workflow.failed", at: t0 + 8, value: encode(new Error("no")) };
export const cancelled: WorkflowEvent = { type: "workflow.cancelled", at: t0 + 9, reason: "by hand", cleanupCompleted: false };
export const retried = (...reset: readonly OperationId[]): WorkflowEvent => ({ type: "workflow.resumed", at: t0 + 50, reason: "manual_retry", reset });
