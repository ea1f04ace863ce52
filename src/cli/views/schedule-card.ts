import { decode } from "../../base/codec.js";
import { writeDuration } from "../../base/duration.js";
import { nextDue } from "../../core/schedule/next.js";
import type { ScheduleRecord } from "../../core/schedule/schedule.js";
import { specWords } from "../../core/schedule/words.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { oneLine } from "../text.js";
import { formatTime } from "../times.js";
import { paintScheduleStatus } from "./status.js";
import { valueText } from "./value-text.js";

/** A schedule as `Name: value` lines, with its next due times. Lines that say nothing are left out. */
export function scheduleCard(schedule: ScheduleRecord, screen: Screen): string {
  const { spec, description, lastRunAt, lastRunId } = schedule;
  const time = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : formatTime(new Date(ms), screen));
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Schedule ID", schedule.scheduleId],
    ["Workflow", schedule.settings.workflowName],
    ["Status", paintScheduleStatus(screen.paint, schedule.status)],
    ["Schedule", specWords(spec)],
    ["Start At", time(spec.startAt)],
    ["End At", time(spec.endAt)],
    ["Jitter", spec.jitterMs === undefined ? undefined : `up to ${writeDuration(spec.jitterMs)}`],
    ["Overlap Policy", schedule.overlapPolicy],
    ["Catch-up", `${schedule.catchup}, within ${writeDuration(schedule.catchupWindowMs)}`],
    ["Description", description === undefined ? undefined : oneLine(description)],
    ["Origin", schedule.declared === undefined ? undefined : "the code of its workflow"],
    ["Input", valueText(decode(schedule.input), screen)],
    ["Next Run", comingTimes(schedule).map(time).join(", ") + zoneNote(schedule, screen) || "-"],
    ["Last Run", lastRunAt === undefined ? "-" : `${time(lastRunAt)} (${lastRunId})`],
    ["Total Runs", String(schedule.totalRuns)],
    ["Successful", String(schedule.successfulRuns)],
    ["Failed", String(schedule.failedRuns)],
    ["Skipped", String(schedule.skippedRuns)],
    ["Missed", String(schedule.missedRuns)],
    ["Buffered", String(schedule.bufferedCount)],
    ["Created", time(schedule.createdAt)],
    ["Updated", time(schedule.updatedAt)],
  ];
  return cardLines(lines, screen).join("\n");
}

// The times are local; where the schedule's are of another zone, one could be read for the other.
function zoneNote({ spec, nextDueAt }: ScheduleRecord, { utc }: Screen): string {
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return utc || nextDueAt === undefined || spec.timezone === local ? "" : ` (${local})`;
}

const comingMax = 3;

function comingTimes({ spec, nextDueAt }: ScheduleRecord): readonly number[] {
  const times: number[] = [];
  for (let due = nextDueAt; due !== undefined && times.length < comingMax; due = nextDue(spec, due)) times.push(due);
  return times;
}
