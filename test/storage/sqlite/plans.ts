import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import type { Backend } from "../../../src/storage/backend.js";
import { openSqlite } from "../../../src/storage/sqlite/sqlite-backend.js";
import { FaultySqlite } from "../../support/faulty-sqlite.js";

export interface Plan {
  readonly sql: string;
  readonly plan: string;
}

/** How SQLite would run each of these statements that looks for rows, in the file at `path`. */
export function plansOf(path: string, texts: Iterable<string>): readonly Plan[] {
  const database = new Sqlite(path, { readonly: true });
  const looks = [...texts].filter((sql) => /^\s*(?:SELECT|UPDATE|DELETE|WITH)/.test(sql));
  const plans = looks.map((sql) => {
    const values = Array.from(sql.matchAll(/\?/g), () => null);
    const steps = database.prepare<null[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
    return { sql, plan: steps.map(({ detail }) => detail).join("; ") };
  });
  database.close();
  return plans;
}

/** A store whose statements are noted as they are prepared. */
export interface WatchedStore {
  readonly path: string;
  readonly watched: FaultySqlite;
  readonly backend: Backend;
  remove(): Promise<void>;
}

export async function openWatched(): Promise<WatchedStore> {
  const folder = mkdtempSync(join(tmpdir(), "pyworkflow-plans-"));
  const path = join(folder, "store.db");
  const watched = new FaultySqlite();
  const backend = await openSqlite({ path, wrap: watched.wrap });
  const remove = async () => {
    await backend.close();
    rmSync(folder, { recursive: true });
  };
  return { path, watched, backend, remove };
}
