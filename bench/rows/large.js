import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { encode } from "../../dist/base/codec.js";
import { newWorkerId, operationIdOf } from "../../dist/core/ids.js";
import { rowOfEvent } from "../../dist/storage/sqlite/rows.js";
import { freshFile, interleaved } from "../harness.js";
import { bin, openProject, spawnMs } from "../project.js";
import { atMost, ms, times } from "../report.js";
import { oneStep } from "../workflows.js";

const Database = createRequire(import.meta.url)("better-sqlite3");
const few = 1000;

/** Commands on a store with many runs against the same on one with few. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function large(bench) {
  const many = bench.quick ? 50_000 : 1_000_000;
  const [crowd, handful] = [await filledProject(bench, many), await filledProject(bench, few)];
  /** @type {import("../report.js").Figure[]} */
  const figures = [];
  for (const words of ["runs list", "runs list --status failed", "runs status ID", "runs logs ID", `workflows run ${oneStep.name} --no-wait`]) {
    const took = (/** @type {Filled} */ { folder, runId }) => spawnMs(folder, [bin, ...words.replace("ID", runId).split(" "), "--quiet"]);
    const { measured, reference, ratio } = await interleaved(bench.pairs * 3, () => ({ measured: took(crowd), reference: took(handful) }));
    figures.push({
      what: `${words}, among ${many.toLocaleString("en")} runs`,
      measured: ms(measured),
      reference: `${ms(reference)} among ${few.toLocaleString("en")}`,
      ratio,
      ...atMost(1.2, ratio, times),
    });
  }
  return figures;
}

/** @typedef {{ readonly folder: string, readonly runId: string }} Filled */

/**
 * A store of runs with a patch and a step, five events each: of a hundred 90 completed, 5 failed, 4 suspended with a hook, one pending. Rows and indexes are those that
 * the engine would have written, but that SQL makes them: 50,000 in a second or two.
 * @param {import("../harness.js").Bench} bench
 * @param {number} count
 * @returns {Promise<Filled>}
 */
async function filledProject(bench, count) {
  const { folder, path, backend } = await openProject(freshFile(bench, "runs.db"));
  await backend.close();
  const database = new Database(path);
  database.pragma("synchronous = OFF");
  // What is inserted lies all over the indexes: with the 2 MB that are SQLite's own choice most pages are read and written again and again.
  database.pragma("cache_size = -400000");
  for (let from = 1; from < count; from += batch) fill(database, { from, to: Math.min(count, from + batch) - 1 });
  database.pragma("wal_checkpoint(TRUNCATE)");
  database.close();
  return { folder, runId: idOf(count / 2) };
}

/** @param {number} number */
const idOf = (number) => `run_${String(number).padStart(26, "0")}`;

const batch = 50_000;
const t0 = Date.UTC(2020, 8, 13);

/** @param {any} database @param {{ readonly from: number, readonly to: number }} numbers */
function fill(database, { from, to }) {
  database.exec(`
    BEGIN;
    WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to})
    INSERT INTO runs (key, run_id, workflow, durable, status, epoch, due_at, recovery_attempts, created_at, started_at, completed_at, tags,
      recover_on_worker_loss, max_recovery_attempts, input, result, error, nesting_depth)
    SELECT n, printf('run_%026d', n), 'workflow_' || (n % 20), 1, status, status <> 'pending', iif(status = 'pending', at, NULL), 0, at,
      iif(status = 'pending', NULL, at + 1), iif(status IN ('completed', 'failed'), at + 5, NULL), iif(n % 10000 = 50, '["rare"]', '["bench"]'),
      1, 3, printf('j{"order":%d}', n), iif(status = 'completed', 'jtrue', NULL), iif(status = 'failed', ${literal(error)}, NULL), 0
    FROM (SELECT n, ${t0} + n * 1000 AS at, CASE WHEN n % 100 < 90 THEN 'completed' WHEN n % 100 < 95 THEN 'failed' WHEN n % 100 < 99 THEN 'suspended' ELSE 'pending' END AS status FROM numbers);
    INSERT INTO events (run, sequence, type, at, operation, value, rest)
    SELECT key, sequence, type, created_at + sequence, operation, value, rest FROM runs JOIN (${events()}) USING (status) WHERE key BETWEEN ${from} AND ${to} ORDER BY key, sequence;
    INSERT INTO hooks (run, operation, name, status, created_at, sequence)
    SELECT key, 'hook_go_1', 'go', 'pending', created_at + 5, 5 FROM runs WHERE status = 'suspended' AND key BETWEEN ${from} AND ${to};
    COMMIT;`);
}

const error = encode(new Error("no"));

/** The log of a run by its status, as a SELECT of rows: at first all are alike. */
function events() {
  /** @type {import("../../dist/core/events/event.js").WorkflowEvent[]} */
  const step = [
    { type: "workflow.started", at: 0, workerId: newWorkerId(t0, randomBytes), version: "bench" },
    { type: "patch.recorded", at: 0, operationId: operationIdOf("patch_newer", 1), after: 1 },
    { type: "step.started", at: 0, operationId: operationIdOf("step_noop", 1), attempt: 1, after: 1, value: encode([]) },
    { type: "step.completed", at: 0, operationId: operationIdOf("step_noop", 1), value: encode(true) },
  ];
  /** @type {Record<string, import("../../dist/core/events/event.js").WorkflowEvent[]>} */
  const logs = {
    completed: [...step, { type: "workflow.completed", at: 0, value: encode(true) }],
    failed: [...step, { type: "workflow.failed", at: 0, value: error }],
    suspended: [...step, { type: "hook.created", at: 0, operationId: operationIdOf("hook_go", 1), name: "go", after: 4 }, { type: "workflow.suspended", at: 0, reason: "waiting" }],
  };
  const rows = Object.entries(logs).flatMap(([status, log]) => log.map((event, index) => ({ status, ...rowOfEvent(event, index + 1) })));
  return rows.map(({ status, sequence, type, operation, value, rest }) => `SELECT ${[status, sequence, type, operation, value, rest].map(literal).map((text, column) => `${text} AS ${columns[column]}`).join(", ")}`).join(" UNION ALL ");
}

const columns = ["status", "sequence", "type", "operation", "value", "rest"];

/** @param {string | number | null} value */
function literal(value) {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value ?? "NULL");
}
