import { statSync } from "node:fs";
import type { StoreFacts } from "../upkeep.js";
import type { Connection } from "./connection.js";
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
