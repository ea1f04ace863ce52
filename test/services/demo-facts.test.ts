import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { newWorkerId, operationIdOf } from "../../src/core/ids.js";
import { checkFacts, keptSteps, recoveryMs } from "../../src/services/demo-facts.js";

const value = encode(null);
const validate = operationIdOf("step_validate", 1);
const pay = operationIdOf("step_pay", 1);
const killed = newWorkerId(0, (count) => new Uint8Array(count).fill(1));
const other = newWorkerId(0, (count) => new Uint8Array(count).fill(2));

// What a tour sees that goes as it should.
const good: readonly WorkflowEvent[] = [
  { type: "workflow.started", at: 10, workerId: killed, version: "v1" },
  { type: "step.started", at: 11, operationId: validate, attempt: 1, after: 1, value },
  { type: "step.completed", at: 12, operationId: validate, value },
  { type: "step.started", at: 13, operationId: pay, attempt: 1, after: 3, value },
  { type: "workflow.interrupted", reason: "worker_lost", at: 25, workerId: killed, lastEventSequence: 4, error: "killed by SIGKILL", recoveryAttempt: 1, recoverable: true },
  { type: "workflow.resumed", at: 30, reason: "recovery", workerId: other, version: "v1" },
  { type: "step.started", at: 31, operationId: pay, attempt: 2, after: 3, value },
  { type: "step.completed", at: 40, operationId: pay, value },
  { type: "workflow.completed", at: 41, value },
];
const kill = { workerId: killed, step: pay, at: 20 };

test("a tour that goes as it should keeps every promise", () => {
  expect(brokenIn(good)).toEqual([]);
  expect(keptSteps(recorded(good))).toEqual([validate]);
  expect(recoveryMs(recorded(good), kill)).toBe(10);
});

test.each<[string, readonly WorkflowEvent[], RegExp]>([
  ["nobody noticed the kill", without("workflow.interrupted"), /interrupted by the loss/],
  ["nobody took the run up", without("workflow.resumed"), /took it up again/],
  ["a kept step was started again", andThen({ type: "step.started", at: 31, operationId: validate, attempt: 2, after: 1, value }), /kept, and not started again/],
  ["a step was completed twice", andThen({ type: "step.completed", at: 31, operationId: validate, value }), /completed once/],
  ["the killed step was not begun again", good.filter((event) => !(event.type === "step.started" && event.attempt === 2)), /first attempt and completed in its second/],
  ["the run did not end", without("workflow.completed"), /the run completed/],
])("%s: a promise is broken", (_what, events, promise) => {
  expect(brokenIn(events).join()).toMatch(promise);
});

test("the card was charged twice: a promise is broken", () => {
  expect(brokenIn(good, 2)).toEqual(["the payment was charged once"]);
});

test("the loss of another worker is not the one that was promised", () => {
  const facts = checkFacts(recorded(good), { ...kill, workerId: other }, 1);
  expect(facts.find(({ fact }) => fact.includes("interrupted by the loss"))?.confirmed).toBe(false);
});

function brokenIn(events: readonly WorkflowEvent[], charges = 1): string[] {
  return checkFacts(recorded(events), kill, charges).flatMap(({ fact, confirmed }) => (confirmed ? [] : [fact]));
}

function recorded(events: readonly WorkflowEvent[]): readonly RecordedEvent[] {
  return events.map((event, index) => ({ ...event, sequence: index + 1 }));
}

function without(type: WorkflowEvent["type"]): readonly WorkflowEvent[] {
  return good.filter((event) => event.type !== type);
}

// After the recovery.
function andThen(event: WorkflowEvent): readonly WorkflowEvent[] {
  return good.toSpliced(6, 0, event);
}
