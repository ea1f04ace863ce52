import Sqlite from "better-sqlite3";
import { run } from "../storage/contract/support.js";

/** Puts a pending run into a store of an older format, which today's backend can't write. */
export function insertOldRun(path: string): void {
  const database = new Sqlite(path);
  const { runId, workflowName, createdAt } = run();
  database
    .prepare("INSERT INTO runs (run_id, workflow, durable, status, epoch, recovery_attempts, created_at, tags, recover_on_worker_loss, max_recovery_attempts, input, due_at) VALUES (?, ?, 1, 'pending', 0, 0, ?, '[]', 1, 3, 'j1', ?)")
    .run(runId, workflowName, createdAt, createdAt);
  database.close();
}
