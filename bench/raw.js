import { statSync } from "node:fs";
import Sqlite from "better-sqlite3";

/**
 * The reference: a bare loop that inserts events into a table like ours, under the same pragmas.
 * @param {string} path
 * @param {{ readonly events: number, readonly perTransaction: number }} amount
 * @returns {{ readonly seconds: number, readonly commitsMs: readonly number[], readonly fileBytes: number }}
 */
export function insertRaw(path, { events, perTransaction }) {
  const database = open(path);
  const [begin, commit] = [database.prepare("BEGIN IMMEDIATE"), database.prepare("COMMIT")];
  const insert = database.prepare("INSERT INTO events (run, sequence, type, at, operation, value, rest) VALUES (?, ?, ?, ?, ?, ?, ?)");
  const commitsMs = [];
  const startedAt = performance.now();
  for (let done = 0, transactions = 1; done < events; transactions++) {
    const transactionAt = performance.now();
    begin.run();
    // The mean need not be a whole number.
    for (const end = Math.min(events, Math.max(done + 1, Math.round(transactions * perTransaction))); done < end; done++) {
      insert.run(...rowOf(done));
    }
    commit.run();
    commitsMs.push(performance.now() - transactionAt);
  }
  const seconds = (performance.now() - startedAt) / 1000;
  database.close();
  return { seconds, commitsMs, fileBytes: statSync(path).size };
}

/** @param {string} path */
function open(path) {
  const database = new Sqlite(path);
  database.pragma("journal_mode = WAL");
  database.pragma("synchronous = FULL");
  if (process.platform === "darwin") database.pragma("fullfsync = ON");
  database.exec(`
    CREATE TABLE events (
      run INTEGER NOT NULL, sequence INTEGER NOT NULL, type INTEGER NOT NULL, at INTEGER NOT NULL, operation TEXT, value ANY, rest TEXT,
      PRIMARY KEY (run, sequence)
    ) STRICT, WITHOUT ROWID`);
  return database;
}

const runsAtOnce = 100;
const eventsOfRun = 22;

/**
 * Events of many runs arrive by turns: the rows don't land at the end of the table, where SQLite is fastest.
 * @param {number} n
 */
function rowOf(n) {
  const [lap, sequence] = [Math.floor(n / (runsAtOnce * eventsOfRun)), (Math.floor(n / runsAtOnce) % eventsOfRun) + 1];
  const run = lap * runsAtOnce + (n % runsAtOnce) + 1;
  const isStart = sequence % 2 === 0;
  const step = `step_noop_${sequence >> 1}`;
  return isStart
    ? [run, sequence, 20, 1_760_000_000_000 + n, step, "j[]", `{"attempt":1,"after":${sequence - 1}}`]
    : [run, sequence, 21, 1_760_000_000_000 + n, step, "d-1", null];
}
