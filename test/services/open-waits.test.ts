import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newRunId, operationIdOf, type OperationId } from "../../src/core/ids.js";
import { spansOf } from "../../src/core/spans.js";
import { openWaits } from "../../src/services/open-waits.js";

const at = Date.UTC(2025, 0, 15);
const idAt = (ms: number) => newRunId(ms, (count) => new Uint8Array(count));
const [runId, childRunId] = [idAt(at), idAt(at + 1)];

const [first, second] = [operationIdOf("hook_approval", 1), operationIdOf("hook_approval", 2)];
const child = operationIdOf("child_ship", 1);

function hookCreated(operationId: OperationId): WorkflowEvent {
  return { type: "hook.created", at, operationId, name: "approval", after: 1 };
}
function childStarted(waits: boolean): WorkflowEvent {
  return { type: "child_workflow.started", at, operationId: child, childRunId, workflowName: "ship", parentClose: "terminate", waits, after: 1, value: encode([1]) };
}

const log = (...events: readonly WorkflowEvent[]): readonly RecordedEvent[] => events.map((event, place) => ({ ...event, sequence: place + 1 }));
const waitsAfter = (history: readonly RecordedEvent[]) => openWaits({ runId }, spansOf(history));

test("a run waits for its pending hooks and for the children whose end it awaits", () => {
  expect(waitsAfter(log(hookCreated(first), childStarted(true), hookCreated(second)))).toEqual([`hook ${runId}:hook_approval_1`, `child ${childRunId} (ship)`, `hook ${runId}:hook_approval_2`]);
  expect(waitsAfter(log(childStarted(false)))).toEqual([]);
});

test("what is settled, or belongs to an earlier life, is waited for no more; nor is anything by a run that has ended", () => {
  const settled: readonly WorkflowEvent[] = [
    hookCreated(first),
    { type: "hook.received", at, operationId: first, value: encode(1) },
    childStarted(true),
    { type: "child_workflow.completed", at, operationId: child, childRunId, value: encode(1) },
    hookCreated(second),
  ];
  const failed: WorkflowEvent = { type: "workflow.failed", at, value: encode(new Error("no")) };
  const retried = (reset: readonly OperationId[]): WorkflowEvent => ({ type: "workflow.resumed", at, reason: "manual_retry", reset });

  const waiting = `hook ${runId}:hook_approval_2`;

  expect(waitsAfter(log(...settled))).toEqual([waiting]);
  expect(waitsAfter(log(...settled, failed))).toEqual([]);
  expect(waitsAfter(log(...settled, failed, retried([second])))).toEqual([]);
  expect(waitsAfter(log(...settled, failed, retried([])))).toEqual([waiting]);
});
