import type { RunId } from "../../core/ids.js";
import type { Connection } from "./connection.js";

// The newest first, which it is unless a clock was set back.
const selectLast = `
  SELECT run_id FROM runs INDEXED BY runs_chain WHERE chain = ? AND continued_to IS NULL ORDER BY created_at DESC, key DESC LIMIT 1`;
const selectAlone = "SELECT run_id FROM runs WHERE run_id = ? AND continued_to IS NULL";

/** The run of a chain that went on in no other; undefined where it is not in the store. */
export function lastIdOfChain(connection: Connection, chain: RunId): RunId | undefined {
  const row = connection.sql<{ run_id: RunId }>(selectAlone).get(chain) ?? connection.sql<{ run_id: RunId }>(selectLast).get(chain);
  return row?.run_id;
}
