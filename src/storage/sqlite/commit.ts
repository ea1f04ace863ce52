import { refusalOf } from "../../core/claim.js";
import { retriesRun, type RecordedEvent } from "../../core/events/event.js";
import type { CommitResult, RunCommit } from "../backend.js";
import { append, appendLinked, headOf } from "./append.js";
import { leaveChildren } from "./children.js";
import type { Connection } from "./connection.js";
import { hookChanges } from "./hooks.js";
import { eventsAfter, insertRun } from "./runs.js";

/** One transaction for the whole batch. A refused member is found out before it writes, so it needs no savepoint. */
export function commit(connection: Connection, batch: readonly RunCommit[]): Promise<readonly CommitResult[]> {
  return connection.write(() => batch.map((member) => commitMember(connection, member)));
}

function commitMember(connection: Connection, member: RunCommit): CommitResult {
  const { runId, events, fence, seen, create = [], linked = [] } = member;
  const head = headOf(connection, runId);
  if (!head) return { accepted: false, refused: "unknown_run" };
  const [first] = events;
  const refused = refusalOf(head, { ...member, retries: retriesRun(first) }); // I2, I4
  if (refused) return { accepted: false, refused };
  const hooks = hookChanges(connection, head, events);
  if (typeof hooks === "string") return { accepted: false, refused: "hook", hookId: hooks };
  const between: readonly RecordedEvent[] = head.durable && head.lastSequence > seen ? eventsAfter(connection, head.key, seen) : [];
  if (retriesRun(first)) leaveChildren(connection, runId, first);
  const appended = append(connection, head, { events, hooks, foreign: fence === undefined });
  for (const run of create) insertRun(connection, run);
  appendLinked(connection, linked);
  return { accepted: true, events: between.length > 0 ? [...between, ...appended.events] : appended.events };
}
