import type { ScheduleRecord } from "../../core/schedule/schedule.js";
import { specWords } from "../../core/schedule/words.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";
import { formatListTime } from "../times.js";
import { paintScheduleStatus } from "./status.js";

// `Cron: 0 9 * * *`; its zone is what may be cut.
const leastOfSpec = 15;

export function scheduleTable(schedules: readonly ScheduleRecord[], screen: Screen): string {
  const [id, workflow, status, next] = columnsOf(screen);
  return table<ScheduleRecord>(
    [
      id,
      workflow,
      status,
      { head: "Schedule", rank: 3, least: leastOfSpec, cell: ({ spec }) => specWords(spec) },
      next,
      { head: "Last Run", rank: 6, cell: ({ lastRunAt }) => timeOr(lastRunAt, screen) },
      { head: "Runs", rank: 5, cell: ({ successfulRuns, totalRuns }) => `${successfulRuns}/${totalRuns}` },
    ],
    schedules,
    screen,
  );
}

/** Schedules that were paused, resumed or deleted. */
export function changeTable(schedules: readonly ScheduleRecord[], screen: Screen): string {
  return table<ScheduleRecord>(columnsOf(screen), schedules, screen);
}

type ScheduleColumn = Column<ScheduleRecord>;

function columnsOf(screen: Screen): readonly [id: ScheduleColumn, workflow: ScheduleColumn, status: ScheduleColumn, next: ScheduleColumn] {
  return [
    { head: "Schedule ID", rank: 0, cell: ({ scheduleId }) => scheduleId },
    { head: "Workflow", rank: 4, cell: ({ settings }) => settings.workflowName },
    { head: "Status", rank: 1, cell: ({ status }) => status, paint: (text, { status }) => paintScheduleStatus(screen.paint, status, text) },
    { head: "Next Run", rank: 2, cell: ({ nextDueAt }) => timeOr(nextDueAt, screen) },
  ];
}

function timeOr(ms: number | undefined, screen: Screen): string {
  return ms === undefined ? "-" : formatListTime(new Date(ms), screen);
}
