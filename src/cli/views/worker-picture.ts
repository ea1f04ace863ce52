import { formatBytes } from "../../base/bytes.js";
import { formatDuration } from "../../base/duration.js";
import { counted } from "../../base/plural.js";
import type { ProcessLook, WorkerLook } from "../../services/run-workers.js";
import type { Screen } from "../screen.js";
import { paintStatus } from "./status.js";

/** The processes of a supervisor, the runs that they execute, and those that were taken from dead ones: as much as `rows` bear. */
export function workerPicture(look: WorkerLook, screen: Screen, rows: number): readonly string[] {
  const { paint } = screen;
  const { processes, running, recovered, activeRuns, processed, endedPerSecond, recoveries } = look;
  const head = `${paint.bold("pyworkflow worker")}  ${activeRuns} active · ${processed.toLocaleString("en")} ended · ${endedPerSecond.toFixed(1)}/s · ${recoveries} recovered`;
  const children = within(processes.map((each) => processLine(each, screen)), Math.max(2, Math.floor(rows / 3)));
  const left = rows - 1 - children.length;
  const lost = within(recovered.map((run) => `  ${paint.cyan("↻")} ${run.runId} ${run.workflowName} ${paintStatus(paint, run.status)} lost ${ago(run.lostAt, look)} ago`), Math.max(0, Math.floor(left / 3)));
  const runs = within(running.map((run) => `  ${paint.blue("▸")} ${run.runId} ${run.workflowName} ${ago(run.startedAt, look)}${run.recoveryAttempts > 0 ? ` lost ${run.recoveryAttempts} in a row` : ""}`), left - lost.length);
  return [head, ...children, ...runs, ...lost];
}

function processLine({ slot, pid, status, activeRuns, processed, memoryBytes, restarts, company }: ProcessLook, { paint }: Screen): string {
  const state = { starting: paint.cyan, online: paint.green, draining: paint.yellow, ended: paint.dim, dead: paint.red }[status](status.padEnd(8));
  const memory = memoryBytes === undefined ? "" : ` · ${formatBytes(memoryBytes)}`;
  const more = `${restarts > 0 ? ` · ${counted(restarts, "restart")}` : ""}${company === "alone" ? " · alone" : ""}`;
  return `  ${slot} ${String(pid ?? "-").padStart(7)} ${state} ${activeRuns} active · ${processed.toLocaleString("en")} ended${memory}${more}`;
}

function ago(at: number, { at: now }: WorkerLook): string {
  return formatDuration(Math.max(0, now - at));
}

/** As many lines as there is room for, the last one a count of what is left out. */
function within(lines: readonly string[], room: number): readonly string[] {
  if (lines.length <= room) return lines;
  return room < 1 ? [] : [...lines.slice(0, room - 1), `  … and ${lines.length - room + 1} more`];
}
