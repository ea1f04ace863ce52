import type { ProcessRow, WorkerRow } from "../../services/list-workers.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { coarse, formatListTime } from "../times.js";
import { paintWorkerStatus } from "./status.js";

export function workerTable(workers: readonly WorkerRow[], screen: Screen): string {
  return table<WorkerRow>(
    [
      { head: "Worker", rank: 0, cell: (worker) => worker.worker_id },
      { head: "Status", rank: 1, least: Infinity, cell: (worker) => statusText(worker, screen), paint: (text, { status }) => paintWorkerStatus(screen.paint, status, text) },
      { head: "Host", rank: 6, cell: (worker) => worker.hostname },
      { head: "PID", rank: 2, cell: (worker) => String(worker.pid) },
      { head: "Processes", rank: 5, cell: (worker) => worker.processes.map(processText).join(" ") },
      { head: "Runs", rank: 3, cell: (worker) => `${worker.active_runs}/${worker.concurrency}` },
      { head: "Processed", rank: 4, cell: (worker) => String(worker.processed) },
      { head: "Started", rank: 7, cell: (worker) => formatListTime(worker.started_at, screen) },
    ],
    workers,
    screen,
  );
}

// Of one that is silent a person wants to know since when.
function statusText({ status, heartbeat_at }: WorkerRow, { terminal, nowMs }: Screen): string {
  return status === "silent" && terminal ? `silent ${coarse(nowMs - heartbeat_at.getTime())}` : status;
}

function processText({ pid, status }: ProcessRow): string {
  return status === "silent" ? `${pid} (silent)` : String(pid);
}
