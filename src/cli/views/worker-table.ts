import type { WorkerRow } from "../../services/list-workers.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { formatListTime } from "../times.js";

export function workerTable(workers: readonly WorkerRow[], screen: Screen): string {
  return table<WorkerRow>(
    [
      { head: "Worker", rank: 0, cell: (worker) => worker.worker_id },
      { head: "Status", rank: 1, cell: (worker) => worker.status },
      { head: "Host", rank: 6, cell: (worker) => worker.hostname },
      { head: "PID", rank: 2, cell: (worker) => String(worker.pid) },
      { head: "Processes", rank: 5, cell: (worker) => worker.processes.map(({ pid }) => pid).join(" ") },
      { head: "Runs", rank: 3, cell: (worker) => `${worker.active_runs}/${worker.concurrency}` },
      { head: "Processed", rank: 4, cell: (worker) => String(worker.processed) },
      { head: "Started", rank: 7, cell: (worker) => formatListTime(worker.started_at, screen) },
    ],
    workers,
    screen,
  );
}
