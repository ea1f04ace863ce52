import { randomBytes } from "node:crypto";
import { encode } from "../../src/base/codec.js";
import type { JsonSchema } from "../../src/base/json.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, newWorkerId, operationIdOf, tokenOf, type RunId } from "../../src/core/ids.js";
import type { Backend } from "../../src/storage/backend.js";

export interface PendingHook {
  readonly runId: RunId;
  readonly token: string;
}

export interface PendingHookSettings {
  readonly at: number;
  readonly workflowName?: string;
  readonly name?: string;
  readonly schema?: JsonSchema;
  readonly expiresAt?: number;
}

/** A suspended run that waits for a hook, as a worker that is gone left it. */
export async function pendingHook(backend: Backend, settings: PendingHookSettings): Promise<PendingHook> {
  const { at, workflowName = "waiting", name = "approval", schema, expiresAt } = settings;
  const workerId = newWorkerId(at, randomBytes);
  await backend.registerWorker({ workerId, role: "worker", hostname: "here", pid: 1, version: "v1", concurrency: 1, workflows: [workflowName], startedAt: at });
  const runId = newRunId(at, randomBytes);
  const run = { durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3, nestingDepth: 0 };
  await backend.createRun({ ...run, runId, workflowName, input: encode(undefined), createdAt: at });
  const claim = await backend.claim({ workerId, workflows: [workflowName], version: "v1", company: "any", runId, limit: 1, now: at });
  const epoch = claim.worker === "alive" ? claim.claimed[0]?.epoch : undefined;
  const operationId = operationIdOf(`hook_${name}`, 1);
  const events: WorkflowEvent[] = [
    { type: "hook.created", at, operationId, name, after: 1, ...(schema && { schema }), ...(expiresAt !== undefined && { expiresAt }) },
    { type: "workflow.suspended", at, reason: "waiting", ...(expiresAt !== undefined && { wakeAt: expiresAt, wakeReason: "timer" }) },
  ];
  const [result] = await backend.commit([{ runId, fence: epoch ?? 0, seen: 1, events }]);
  if (!result?.accepted) throw new Error(`the hook was refused: ${JSON.stringify(result)}`);
  await backend.loseWorker({ workerId, now: at, error: "it is gone", charge: "none" });
  return { runId, token: tokenOf(runId, operationId) };
}
