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
 * A store of runs with five events each: of a hundred 90 completed, 5 failed, 4 suspended with a hook, one pending.
 * @param {import("../harness.js").Bench} bench
 * @param {number} count
 * @returns {Promise<Filled>}
 */
async function filledProject(bench, count) {
  const { folder, path, backend } = await openProject(freshFile(bench, "runs.db"));
  await backend.close();
  const database = new Database(path);
  database.pragma("synchronous = OFF");
  for (let from = 1; from < count; from += batch) fill(database, { from, to: Math.min(count, from + batch) - 1 });
  database.pragma("wal_checkpoint(TRUNCATE)");
  database.close();
  return { folder, runId: idOf(count / 2) };
}

/** @param {number} number */
const idOf = (number) => `run_${String(number).padStart(26, "0")}`;

const batch = 50_000;

/** @param {any} database @param {{ readonly from: number, readonly to: number }} numbers */
function fill(database, { from, to }) {
  const numbers = `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to})`;
  database.exec(`
    BEGIN;
    ${numbers} INSERT INTO runs (run_id, workflow, durable, status, epoch, due_at, recovery_attempts, created_at, started_at, completed_at, tags,
      recover_on_worker_loss, max_recovery_attempts, input, result, error, nesting_depth)
    SELECT printf('run_%026d', n), 'workflow_' || (n % 20), 1, status, 1, iif(status = 'pending', at, NULL), 0, at, iif(status = 'pending', NULL, at), iif(ended, at + 1000, NULL), '["bench"]',
      1, 3, 'j{"order":' || n || '}', iif(status = 'completed', 'jtrue', NULL), iif(status = 'failed', 'j"no"', NULL), 0
    FROM (SELECT n, 1600000000000 + n * 1000 AS at, n % 100 < 95 AS ended,
      CASE WHEN n % 100 < 90 THEN 'completed' WHEN n % 100 < 95 THEN 'failed' WHEN n % 100 < 99 THEN 'suspended' ELSE 'pending' END AS status FROM numbers);
    ${numbers} INSERT INTO events (run, sequence, type, at, operation, value, rest)
    SELECT runs.key, value, 1, created_at + value, NULL, NULL, NULL FROM numbers JOIN runs ON run_id = printf('run_%026d', n), json_each('[1,2,3,4,5]');
    INSERT INTO hooks (run, operation, name, status, created_at, sequence)
    SELECT key, 'hook_go_1', 'go', 'pending', created_at, 3 FROM runs WHERE status = 'suspended' AND run_id BETWEEN printf('run_%026d', ${from}) AND printf('run_%026d', ${to});
    COMMIT;`);
}
