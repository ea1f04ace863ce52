import type { RunRecord } from "../../core/run.js";
import { beganAt } from "../../services/list-runs.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";
import { formatListTime, formatSeconds } from "../times.js";
import { paintStatus } from "./status.js";

type Columns = readonly [id: Column<RunRecord>, workflow: Column<RunRecord>, status: Column<RunRecord>, ...rest: readonly Column<RunRecord>[]];

export function runTable(runs: readonly RunRecord[], screen: Screen): string {
  return table<RunRecord>(runColumns(screen), runs, screen);
}

const tableFrameRows = 4;

/** As many of the newest runs as `rows` bear. */
export function runPicture(runs: readonly RunRecord[], screen: Screen, rows: number): string {
  if (runs.length === 0) return "No run fits yet.";
  return runTable(runs.slice(0, Math.max(1, rows - tableFrameRows)), screen);
}

// A prefix that can be typed, and at 40 columns room for the longest status.
const leastOfId = 17;

export function runColumns(screen: Screen): Columns {
  return [
    { head: "Run ID", rank: 0, least: leastOfId, cell: (run) => run.runId },
    { head: "Workflow", rank: 3, cell: (run) => run.workflowName },
    { head: "Status", rank: 1, least: Infinity, cell: (run) => run.status, paint: (text, run) => paintStatus(screen.paint, run.status, text) },
    { head: "Recovery", rank: 5, cell: (run) => `${run.recoveryAttempts}/${run.maxRecoveryAttempts}` },
    { head: "Started", rank: 2, cell: (run) => (run.startedAt === undefined ? "-" : formatListTime(new Date(run.startedAt), screen)) },
    { head: "Duration", rank: 4, cell: (run) => formatSeconds(secondsSoFar(run, screen.nowMs)) },
  ];
}

function secondsSoFar(run: RunRecord, nowMs: number): number | null {
  const began = beganAt(run);
  return began === undefined ? null : Math.max(0, (run.completedAt ?? nowMs) - began) / 1000;
}
