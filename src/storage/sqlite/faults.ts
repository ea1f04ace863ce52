import { StoreNotFoundError } from "../../core/errors.js";
import type { RunId, ScheduleId } from "../../core/ids.js";
import type { StoreFault } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { isPayload } from "./payloads.js";

/** The file first: what is counted in a damaged one says nothing. Throws StoreNotFoundError: nothing is not "all is well". */
export function findFaults(connection: Connection): readonly StoreFault[] {
  if (connection.format === undefined) throw new StoreNotFoundError(connection.path);
  const lines = connection.list<[string]>("PRAGMA integrity_check").all().map(([line]) => line);
  const damage = lines.filter((line) => line !== "ok");
  if (damage.length > 0) return damage.map((message) => ({ kind: "file", message }));
  return [...strayRows(connection), ...missingPayloads(connection)];
}

const owned = `
  SELECT value FROM events WHERE ${isPayload("value")}
  UNION ALL SELECT payload FROM hooks WHERE ${isPayload("payload")}
  UNION ALL SELECT schema FROM hooks WHERE ${isPayload("schema")}
  UNION ALL SELECT input FROM runs WHERE ${isPayload("input")}
  UNION ALL SELECT result FROM runs WHERE ${isPayload("result")}
  UNION ALL SELECT error FROM runs WHERE ${isPayload("error")}
  UNION ALL SELECT input FROM schedules WHERE ${isPayload("input")}`;

// What the file's own check does not know: rows that belong to a row which is not there.
const strays = [
  ["events of a run that is not there", "SELECT count(*) FROM events WHERE run NOT IN (SELECT key FROM runs)"],
  ["hooks of a run that is not there", "SELECT count(*) FROM hooks WHERE run NOT IN (SELECT key FROM runs)"],
  ["ticks of a schedule that is not there", "SELECT count(*) FROM ticks WHERE schedule NOT IN (SELECT key FROM schedules)"],
  ["large values that nothing refers to", `SELECT count(*) FROM payloads WHERE id NOT IN (${owned})`],
] as const;

function strayRows(connection: Connection): readonly StoreFault[] {
  return strays.flatMap(([what, sql]) => {
    const count = connection.list<[number]>(sql).get()?.[0] ?? 0;
    return count === 0 ? [] : [{ kind: "row", message: `${what}: ${count}` } as const];
  });
}

type Missing = [runId: RunId | null, scheduleId: ScheduleId | null, sequence: number | null, operation: string | null];

const missing = [
  ["its input", "SELECT run_id, NULL, NULL, NULL FROM runs", "input"],
  ["its result", "SELECT run_id, NULL, NULL, NULL FROM runs", "result"],
  ["its error", "SELECT run_id, NULL, NULL, NULL FROM runs", "error"],
  ["the value", "SELECT run_id, NULL, sequence, operation FROM events JOIN runs ON key = run", "value"],
  ["the payload", "SELECT run_id, NULL, NULL, operation FROM hooks JOIN runs ON key = run", "payload"],
  ["the schema", "SELECT run_id, NULL, NULL, operation FROM hooks JOIN runs ON key = run", "schema"],
  ["its input", "SELECT NULL, schedule_id, NULL, NULL FROM schedules", "input"],
] as const;

function missingPayloads(connection: Connection): readonly StoreFault[] {
  return missing.flatMap(([what, select, column]) => {
    const sql = `${select} WHERE ${isPayload(column)} AND ${column} NOT IN (SELECT id FROM payloads)`;
    return connection.list<Missing>(sql).all().map(([runId, scheduleId, sequence, operation]) => ({
      kind: "row" as const,
      ...(runId !== null && { runId }),
      ...(scheduleId !== null && { scheduleId }),
      ...(sequence !== null && { sequence }),
      message: `${what}${operation === null ? "" : ` of ${operation}`} is not there`,
    }));
  });
}
