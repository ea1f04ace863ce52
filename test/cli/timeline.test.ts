import { Chalk } from "chalk";
import { describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import type { Screen } from "../../src/cli/screen.js";
import { toJson } from "../../src/cli/output.js";
import { timelineText } from "../../src/cli/views/timeline.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import { operationIdOf, parseRunId, type RunId, type WorkerId } from "../../src/core/ids.js";
import { foldHistory, type RunRecord } from "../../src/core/run.js";
import type { Project } from "../../src/services/project.js";
import { showTimeline, type Timeline } from "../../src/services/show-timeline.js";
import { violations } from "../support/json-schema.js";

const t0 = Date.UTC(2025, 0, 15, 10, 30);
const runId = parseRunId("run_01jhmr6k200000000000000000") as RunId;
const [step, sleep, hook, child] = [operationIdOf("step_charge_card", 1), operationIdOf("sleep", 1), operationIdOf("hook_approval", 1), operationIdOf("child_ship", 1)];
const claim = { workerId: "worker_a" as WorkerId, version: "v1" };
const value = encode(null);

/** A step that fails, is lost with its worker and then returns; a sleep, a hook and a child. At seconds since the start. */
const eventful: readonly (readonly [second: number, event: object])[] = [
  [1, { type: "workflow.started", ...claim }],
  [1, { type: "step.started", operationId: step, attempt: 1, after: 0, value }],
  [8, { type: "step.failed", operationId: step, attempt: 1, isRetryable: true, value }],
  [8, { type: "step.retrying", operationId: step, attempt: 2, resumeAt: t0 + 18_000 }],
  [8, { type: "workflow.suspended", reason: "waiting", wakeAt: t0 + 18_000, wakeReason: "retry" }],
  [18, { type: "workflow.resumed", reason: "retry", ...claim }],
  [18, { type: "step.started", operationId: step, attempt: 2, after: 0, value }],
  [25, { type: "workflow.interrupted", reason: "worker_lost", workerId: "worker_a", lastEventSequence: 7, error: "killed by SIGKILL", recoveryAttempt: 1, recoverable: true }],
  [26, { type: "workflow.resumed", reason: "recovery", ...claim }],
  [26, { type: "step.started", operationId: step, attempt: 3, after: 0, value }],
  [32, { type: "step.completed", operationId: step, value }],
  [32, { type: "sleep.started", operationId: sleep, resumeAt: t0 + 60_000, after: 11, value }],
  [32, { type: "hook.created", operationId: hook, name: "approval", after: 11 }],
  [32, { type: "child_workflow.started", operationId: child, childRunId: runId, workflowName: "ship", parentClose: "terminate", waits: true, after: 11, value }],
  [32, { type: "workflow.suspended", reason: "waiting", wakeAt: t0 + 60_000, wakeReason: "timer" }],
  [45, { type: "child_workflow.failed", operationId: child, childRunId: runId, value }],
  [46, { type: "workflow.resumed", reason: "child", ...claim }],
  [46, { type: "workflow.interrupted", reason: "non_deterministic", code: "NON_DETERMINISTIC", error: "drift", version: "v1", lastEventSequence: 17 }],
];

function recorded(events: readonly (readonly [number, object])[]): readonly RecordedEvent[] {
  return events.map(([second, event], index) => ({ ...(event as WorkflowEvent), at: t0 + second * 1000, sequence: index + 1 }));
}

async function timelineOf(events: readonly (readonly [number, object])[], { limit = 50, second = 60 } = {}): Promise<Timeline> {
  const history = recorded(events);
  const run = { runId, workflowName: "process_order", durable: true, createdAt: t0, ...foldHistory(t0, history) } as RunRecord;
  const backend = { getRun: async () => run, readHistory: async () => history };
  return showTimeline({ backend, clock: { now: () => t0 + second * 1000 } } as unknown as Project, { id: runId, limit });
}

const screen = (width: number): Screen => ({ terminal: true, width, paint: new Chalk({ level: 0 }), utc: true, nowMs: 0 });

describe("a run on an axis of time", () => {
  test.each([80, 40, 20])("at %i columns", async (width) => {
    const text = timelineText(await timelineOf(eventful), screen(width));
    expect(text).toMatchSnapshot();
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
  });

  test("parts of a second are written on the axis as beside it", async () => {
    const text = timelineText(await timelineOf(eventful.slice(0, 2), { second: 2 }), screen(80));
    expect(text).toMatch(/0s +500ms +1s +1\.5s/);
  });

  test("in a pipe is a line for each operation", async () => {
    const lines = timelineText(await timelineOf(eventful), { ...screen(40), terminal: false }).split("\n");
    expect(lines).toEqual([
      `${runId}\t2025-01-15 10:30:00.000Z\t-\trun\tinterrupted`,
      "step_charge_card_1\t2025-01-15 10:30:01.000Z\t2025-01-15 10:30:32.000Z\tstep\tcompleted",
      "sleep_1\t2025-01-15 10:30:32.000Z\t-\tsleep\twaiting",
      "hook_approval_1\t2025-01-15 10:30:32.000Z\t-\thook\twaiting",
      "child_ship_1\t2025-01-15 10:30:32.000Z\t2025-01-15 10:30:45.000Z\tchild\tfailed",
    ]);
  });

  test("as JSON has each attempt and each wait", async () => {
    const { spans } = await timelineOf(eventful);
    const document = JSON.parse(toJson(spans)) as readonly object[];
    expect(violations("runs-timeline.json", document)).toEqual([]);
    const at = (second: number) => new Date(t0 + second * 1000).toISOString();
    expect(document[1]).toEqual({
      operation_id: step, kind: "step", name: "charge_card", status: "completed", started_at: at(1), ended_at: at(32),
      attempts: [
        { attempt: 1, started_at: at(1), ended_at: at(8), status: "failed" },
        { attempt: 2, started_at: at(18), ended_at: at(25), status: "interrupted" },
        { attempt: 3, started_at: at(26), ended_at: at(32), status: "completed" },
      ],
      holds: [],
      waits: [{ kind: "retry", started_at: at(8), ended_at: at(18) }],
    });
    expect(document[0]).toMatchObject({
      operation_id: null, kind: "run", name: "process_order", status: "interrupted",
      attempts: [],
      holds: [{ status: "suspended" }, { status: "interrupted" }, { status: "suspended" }, { status: "parked", ended_at: at(46) }],
      waits: [{ kind: "pending", ended_at: at(1) }, { kind: "suspended" }, { kind: "interrupted" }, { kind: "suspended" }, { kind: "parked", started_at: at(46), ended_at: null }],
    });
  });

  test("of very many operations the newest are shown, on an axis of their part of the run", async () => {
    const steps = Array.from({ length: 10_000 }, (_, index) => operationIdOf("step_beat", index + 1));
    const events = steps.flatMap((operationId, index): (readonly [number, object])[] => [[index, { type: "step.started", operationId, attempt: 1, after: 0, value }], [index + 1, { type: "step.completed", operationId, value }]]);
    const timeline = await timelineOf([[0, { type: "workflow.started", ...claim }], ...events], { second: 10_000 });
    expect([timeline.operations, timeline.spans.length]).toEqual([10_000, 51]);
    const lines = timelineText(timeline, screen(80)).split("\n");
    // The first of them is drawn at the beginning, the last at the end.
    expect(lines.find((line) => line.startsWith("step_beat_9951"))).toMatch(/^step_beat_9951  █+ +1\.0s$/);
    expect(lines.find((line) => line.startsWith("step_beat_10000"))).toMatch(/^step_beat_10000 +█+ +1\.0s$/);
    expect(lines.find((line) => line.startsWith("process_order"))).toMatch(/^process_order +◂━+▸ +2h 46m$/);
    // Its times are those of the run.
    expect(lines.find((line) => line.startsWith(" "))?.trim()).toMatch(/^2h45m50s +2h46m +2h46m10s /);
  });

  test("a run that nobody has taken up, and one that has ended, fit too", async () => {
    expect(timelineText(await timelineOf([]), screen(40))).toContain("············▸");
    const ended = await timelineOf([[1, { type: "workflow.started", ...claim }], [2, { type: "sleep.started", operationId: sleep, resumeAt: t0 + 9_000, after: 0, value }], [3, { type: "workflow.cancelled", cleanupCompleted: true }]]);
    expect(ended.spans.map(({ status, ended_at }) => [status, ended_at?.getTime()])).toEqual([["cancelled", t0 + 3000], ["left", t0 + 3000]]);
  });
});
