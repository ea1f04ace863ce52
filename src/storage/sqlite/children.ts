import type { RunRetried } from "../../core/events/run.js";
import { closingEvents, isLeftByRetry } from "../../core/family.js";
import type { RunId } from "../../core/ids.js";
import { append, headOf } from "./append.js";
import type { Connection } from "./connection.js";
import { getRun } from "./runs.js";

interface RowOfRun {
  readonly key: number;
  readonly run_id: RunId;
}

const selectClosing = "SELECT key, run_id FROM runs WHERE closing = 1 ORDER BY key LIMIT 1";
const selectLiveChildren = "SELECT key, run_id FROM runs INDEXED BY runs_live_children WHERE parent = ? AND completed_at IS NULL AND orphaned IS NULL";
const selectChildrenToClose = `${selectLiveChildren} AND parent_close IN ('terminate', 'cancel') LIMIT ?`;
const markOrphaned = "UPDATE runs SET orphaned = 1 WHERE key = ?";
const clearClosing = "UPDATE runs SET closing = NULL WHERE run_id = ?";

/** Takes the closing runs one by one: of each as many children as the limit leaves. */
export async function closeChildren(connection: Connection, limit: number, now: number): Promise<number> {
  const isClosing = await connection.read(() => connection.sql(selectClosing).get() !== undefined);
  return isClosing ? connection.write(() => closeSome(connection, limit, now)) : 0;
}

function closeSome(connection: Connection, limit: number, now: number): number {
  let left = limit;
  while (left > 0) {
    const parent = connection.sql<RowOfRun>(selectClosing).get();
    if (!parent) break;
    const children = connection.sql<RowOfRun>(selectChildrenToClose).all(parent.run_id, left);
    for (const child of children) closeChild(connection, child, now);
    left -= children.length;
    if (left > 0) connection.sql(clearClosing).run(parent.run_id);
  }
  return limit - left;
}

/** What the life that ends with a manual retry leaves behind is closed at once: later it could not be told from the children of the next life. */
export function leaveChildren(connection: Connection, runId: RunId, { reset, at }: RunRetried): void {
  const parent = getRun(connection, runId);
  if (!parent) return;
  for (const child of connection.sql<RowOfRun>(selectLiveChildren).all(runId)) {
    const run = getRun(connection, child.run_id);
    if (run && isLeftByRetry(run, parent, reset)) closeChild(connection, child, at);
  }
  if (parent.closing) connection.sql(clearClosing).run(runId);
}

function closeChild(connection: Connection, { key, run_id }: RowOfRun, now: number): void {
  connection.sql(markOrphaned).run(key); // before its end, of which nobody is to hear
  const [run, head] = [getRun(connection, run_id), headOf(connection, run_id)];
  if (!run || !head) return;
  const events = closingEvents(run, now);
  if (events.length > 0) append(connection, head, { events, foreign: true });
}
