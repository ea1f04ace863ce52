import { statSync } from "node:fs";
import type { StoreFacts } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { isPayload } from "./payloads.js";
import { pruned } from "./prune.js";
import { countRuns } from "./runs.js";

export function describe(connection: Connection): StoreFacts {
  const oldest = numberOf(connection, "SELECT min(created_at) FROM runs");
  return {
    backend: "sqlite",
    ...fileFacts(connection),
    runs: countRuns(connection),
    events: countOf(connection, "events"),
    hooks: countOf(connection, "hooks"),
    schedules: countOf(connection, "schedules"),
    ticks: countOf(connection, "ticks"),
    ...(oldest !== null && { oldestCreatedAt: oldest }),
    pruned: pruned(connection),
  };
}

function fileFacts(connection: Connection): Pick<StoreFacts, "path" | "format" | "bytes"> {
  const { path, format } = connection;
  if (format === undefined) return {};
  const free = (numberOf(connection, "PRAGMA freelist_count") ?? 0) * (numberOf(connection, "PRAGMA page_size") ?? 0);
  return { path, format, bytes: { file: sizeOf(path), log: sizeOf(`${path}-wal`), free } };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function countOf(connection: Connection, name: "events" | "hooks" | "schedules" | "ticks"): number {
  return numberOf(connection, `SELECT count(*) FROM ${name}`) ?? 0;
}

function numberOf(connection: Connection, sql: string): number | null {
  return connection.list<[number | null]>(sql).get()?.[0] ?? null;
}

// What the file's own check does not know: rows that belong to a row which is not there.
const strays = [
  ["events of a run that is not there", "SELECT count(*) FROM events WHERE run NOT IN (SELECT key FROM runs)"],
  ["hooks of a run that is not there", "SELECT count(*) FROM hooks WHERE run NOT IN (SELECT key FROM runs)"],
  ["ticks of a schedule that is not there", "SELECT count(*) FROM ticks WHERE schedule NOT IN (SELECT key FROM schedules)"],
  ["values of events that are not there", `SELECT count(*) FROM events WHERE ${isPayload("value")} AND value NOT IN (SELECT id FROM payloads)`],
  ["inputs of runs that are not there", `SELECT count(*) FROM runs WHERE ${isPayload("input")} AND input NOT IN (SELECT id FROM payloads)`],
] as const;

export function findFaults(connection: Connection): readonly string[] {
  const lines = connection.list<[string]>("PRAGMA integrity_check").all().map(([line]) => line);
  const damage = lines.filter((line) => line !== "ok");
  if (damage.length > 0) return damage; // what is counted in a damaged file says nothing
  return strays.map(([what, sql]) => [what, numberOf(connection, sql) ?? 0] as const).flatMap(([what, count]) => (count === 0 ? [] : [`${what}: ${count}`]));
}
