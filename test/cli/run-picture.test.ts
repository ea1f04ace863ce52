import { Chalk } from "chalk";
import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { runPicture } from "../../src/cli/views/run-picture.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { operationIdOf, parseRunId, type RunId } from "../../src/core/ids.js";
import type { RunRecord, RunStatus } from "../../src/core/run.js";
import { spansOf } from "../../src/core/spans.js";

const runId = parseRunId("run_01jhmr6k200000000000000000") as RunId;
const child = parseRunId("run_01jhmr6k200000000000000001") as RunId;
const [charge, ship, mail, beside] = [operationIdOf("step_charge", 1), operationIdOf("child_ship", 1), operationIdOf("step_mail", 1), operationIdOf("child_report", 1)];
const value = encode([12]);
const error = encode(new Error("declined"));

const begun: readonly WorkflowEvent[] = [
  { type: "step.started", at: 0, operationId: charge, attempt: 1, after: 0, value },
  { type: "step.failed", at: 10, operationId: charge, attempt: 1, isRetryable: true, value: error },
  { type: "step.retrying", at: 10, operationId: charge, attempt: 2, resumeAt: 20 },
  { type: "step.started", at: 20, operationId: charge, attempt: 2, after: 0, value },
  { type: "child_workflow.started", at: 20, operationId: ship, childRunId: child, workflowName: "ship", parentClose: "terminate", waits: true, after: 0, value },
  { type: "child_workflow.started", at: 20, operationId: beside, childRunId: child, workflowName: "report", parentClose: "abandon", waits: false, after: 0, value },
];

function picture(events: readonly WorkflowEvent[], { details = false, status = "running" }: { readonly details?: boolean; readonly status?: RunStatus } = {}): readonly string[] {
  const history = events.map((event, place): RecordedEvent => ({ ...event, sequence: place + 1 }));
  const run = { runId, workflowName: "order", status, createdAt: 0, startedAt: 0 } as RunRecord;
  const screen = { paint: new Chalk({ level: 0 }), nowMs: 1020, width: 100, rows: 20 };
  return runPicture({ run, spans: spansOf(history), children: new Map([[child, "suspended"]]), details }, screen).slice(1);
}

test("what is open says how far it is; a child that nobody waits for is done with when it has started", () => {
  expect(picture(begun)).toEqual([`  ⠋ charge  1.0s  attempt 2 after Error: declined`, `  ◦ ship    1.0s  child suspended ${child}`, `  ✓ report  started ${child}`]);
});

test("details are what was given and what it came to: the result, or the newest error until there is one", () => {
  const done: WorkflowEvent = { type: "step.completed", at: 30, operationId: charge, value: encode("paid") };
  expect(picture(begun, { details: true }).slice(0, 3)).toEqual(["  ⠋ charge  1.0s  attempt 2 after Error: declined", "      args [12]", "      Error: declined"]);
  expect(picture([...begun, done], { details: true }).slice(0, 3)).toEqual(["  ✓ charge  30ms  attempt 2", "      args [12]", '      result "paid"']);
});

test("of a run that has ended nothing is drawn as if it went on", () => {
  const end: readonly WorkflowEvent[] = [{ type: "step.started", at: 20, operationId: mail, attempt: 1, after: 0, value }, { type: "workflow.cancelled", at: 520, cleanupCompleted: false }];
  expect(picture([...begun, ...end], { status: "cancelled" })).toEqual(["  ◦ charge  left after 520ms", "  ◦ ship    left after 500ms", `  ✓ report  started ${child}`, "  ◦ mail    left after 500ms"]);
});
