import { Chalk } from "chalk";
import { expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { declaredScheduleId, parseRunId } from "../../src/core/ids.js";
import { definitionOf } from "../../src/core/schedule/definition.js";
import { newSchedule } from "../../src/core/schedule/due.js";
import type { ScheduleRecord } from "../../src/core/schedule/schedule.js";
import { scheduleCard } from "../../src/cli/views/schedule-card.js";
import { scheduleTable } from "../../src/cli/views/schedule-table.js";
import { decidedTable, tickTable } from "../../src/cli/views/tick-table.js";
import type { Screen } from "../../src/cli/screen.js";
import { formatTime } from "../../src/cli/times.js";

const nowMs = Date.UTC(2026, 2, 1, 12);
const screen: Screen = { terminal: true, width: 100, paint: new Chalk({ level: 0 }), utc: false, nowMs };
const coloured: Screen = { ...screen, paint: new Chalk({ level: 1 }) };

const settings = { workflowName: "nightly", durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 };
const first = { ...definitionOf({ cron: "0 14 * * *" }, { settings, input: encode(["south"]), createdAt: nowMs }), scheduleId: declaredScheduleId("nightly"), createdAt: nowMs, declared: "{}" };
const schedule: ScheduleRecord = { ...newSchedule(first), totalRuns: 3, successfulRuns: 2, lastRunAt: nowMs - 3_600_000, version: 7 };

test("on a terminal times are relative, the status has its colour, and the id outlives all else", () => {
  const [, head, , row] = scheduleTable([schedule], screen).split("\n");
  expect(head?.split("│").map((cell) => cell.trim())).toEqual(["", "Schedule ID", "Workflow", "Status", "Schedule", "Next Run", "Last Run", "Runs", ""]);
  expect(row?.split("│").map((cell) => cell.trim())).toEqual(["", "auto_nightly", "nightly", "active", "Cron: 0 14 * * * (UTC)", "in 2h", "1h ago", "2/3", ""]);
  expect(scheduleTable([schedule], coloured)).toContain("\u001B[32mactive");
  const narrow = scheduleTable([schedule], { ...screen, width: 40 });
  expect(narrow).toContain("auto_nightly");
  expect(Math.max(...narrow.split("\n").map((line) => line.length))).toBeLessThanOrEqual(40);
});

test("a schedule that is not active has no coming time; one of the code says so", () => {
  const lines = scheduleCard({ ...schedule, status: "paused", nextDueAt: undefined }, { ...screen, utc: true }).split("\n");
  expect(lines).toEqual(expect.arrayContaining(["Status: paused", "Next Run: -", "Origin: the code of its workflow", 'Input: ["south"]', "Total Runs: 3"]));
  expect(lines.some((line) => /^(?:Jitter|Start At|End At|Description)/.test(line))).toBe(false);
});

test("a card has as many of the coming times as there are", () => {
  const last = { ...first, ...definitionOf({ cron: "0 14 * * *", endAt: "2026-03-03" }, { settings, input: encode(1), createdAt: nowMs }) };
  const card = scheduleCard({ ...newSchedule(last), version: 1 }, { ...screen, utc: true });
  expect(card).toContain("Next Run: 2026-03-01 14:00:00Z, 2026-03-02 14:00:00Z\n");
});

test("a tick's decision has its colour, and its reason is cut before the decision", () => {
  const due = new Date(nowMs);
  const missed = { due, decided_at: due, decision: "missed", reason: "a long story ".repeat(20), kind: "schedule", run_id: null } as const;
  expect(tickTable([missed], coloured)).toContain("\u001B[31mmissed");
  expect(tickTable([missed], screen)).toMatch(/missed.*a long story.*…/);
});

test("what came to nothing time after time is one row with its count and its span; what started a run stands alone", () => {
  const runId = parseRunId("run_01kk0000000000000000000000") ?? null;
  const tick = (minute: number, decision: "missed" | "skipped" | "caught_up", of = "a") => {
    const due = new Date(nowMs + minute * 60_000);
    return { schedule_id: declaredScheduleId(of), due, decided_at: due, decision, reason: `${decision} at ${minute}`, kind: "schedule", run_id: decision === "caught_up" ? runId : null } as const;
  };
  const ticks = [tick(0, "missed"), tick(1, "missed"), tick(2, "missed", "b"), tick(3, "missed"), tick(4, "caught_up"), tick(5, "caught_up"), tick(6, "skipped")];
  const piped = { ...screen, terminal: false, utc: true };
  const time = (minute: number) => formatTime(new Date(nowMs + minute * 60_000), piped);
  const rows = decidedTable(ticks, piped).split("\n").map((line) => line.split("\t"));
  expect(rows.map(([id, due, , decision, , , reason]) => [id, due, decision, reason])).toEqual([
    ["auto_a", time(0), "missed 3", `to ${time(3)}: missed at 0`],
    ["auto_b", time(2), "missed", "missed at 2"],
    ["auto_a", time(4), "caught_up", "caught_up at 4"],
    ["auto_a", time(5), "caught_up", "caught_up at 5"],
    ["auto_a", time(6), "skipped", "skipped at 6"],
  ]);
  expect(tickTable(ticks, piped).split("\n")).toHaveLength(ticks.length);
  expect(tickTable(ticks, screen)).toMatch(/missed 4/);
});

test.each([
  [140, ["Due", "Decided", "Decision", "Kind", "Run", "Reason"]],
  [100, ["Due", "Decision", "Kind", "Run", "Reason"]],
  [80, ["Due", "Decision", "Run", "Reason"]],
  [60, ["Due", "Decision", "Reason"]],
])("at %i columns a ledger gives way from the least important on, and the due time and the decision are whole", (width, heads) => {
  const due = new Date(nowMs);
  const runId = parseRunId("run_01kk0000000000000000000000") ?? null;
  const reason = "the schedule has a run that has not ended, and its policy is to skip";
  const ticks = [
    { due, decided_at: due, decision: "caught_up", reason, kind: "schedule", run_id: runId },
    { due, decided_at: due, decision: "skipped", reason, kind: "backfill", run_id: null },
  ] as const;
  for (const utc of [false, true]) {
    const [, head, , ...rows] = tickTable(ticks, { ...screen, width, utc }).split("\n").map((line) => line.split("│").slice(1, -1).map((cell) => cell.trim()));
    expect(head).toEqual(heads);
    expect(rows[0]?.slice(0, heads.indexOf("Decision") + 1)).toEqual(expect.arrayContaining([formatTime(due, { utc }), "caught_up"]));
    const cells = new Map(heads.map((name, place) => [name, rows[0]?.[place] ?? ""]));
    expect(cells.get("Reason")?.length).toBeGreaterThanOrEqual(19);
    expect(cells.get("Run") ?? runId).toContain("run_01kk000000000");
    expect(tickTable(ticks, { ...screen, width, utc }).split("\n").every((line) => line.length <= width)).toBe(true);
  }
});

test("the next times of a schedule in another zone name the zone that they are shown in", () => {
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const abroad = { ...schedule, spec: { ...schedule.spec, timezone: local === "Asia/Tokyo" ? "Asia/Kolkata" : "Asia/Tokyo" } };
  expect(scheduleCard(abroad, screen)).toMatch(new RegExp(`^Next Run: .*\\d \\(${local}\\)$`, "m"));
  expect(scheduleCard({ ...schedule, spec: { ...schedule.spec, timezone: local } }, screen)).toMatch(/^Next Run: [-\d :,]+$/m);
  expect(scheduleCard(abroad, { ...screen, utc: true })).toMatch(/^Next Run: .*Z$/m);
});
