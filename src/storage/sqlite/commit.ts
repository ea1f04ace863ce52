import { refusalOf } from "../../core/claim.js";
import type { RecordedEvent } from "../../core/events/event.js";
import type { CommitResult, RunCommit } from "../backend.js";
import { append, headOf } from "./append.js";
import type { Connection } from "./connection.js";
import { eventsAfter } from "./runs.js";

/** One transaction for the whole batch. A refused member is found out before it writes, so it needs no savepoint. */
export function commit(connection: Connection, batch: readonly RunCommit[]): Promise<readonly CommitResult[]> {
  return connection.write((ring) => batch.map((member) => commitMember(connection, member, ring)));
}

function commitMember(connection: Connection, member: RunCommit, ring: () => void): CommitResult {
  const head = headOf(connection, member.runId);
  if (!head) return { accepted: false, refused: "unknown_run" };
  const refused = refusalOf(head, member); // I2, I4
  if (refused) return { accepted: false, refused };
  const between: readonly RecordedEvent[] = head.durable && head.lastSequence > member.seen ? eventsAfter(connection, head.key, member.seen) : [];
  const { events, fence } = member;
  const foreign = fence === undefined ? { change: { inbox: head.lastSequence + events.length } } : undefined;
  const appended = append(connection, head, { events, ...foreign });
  if (appended.rings) ring();
  return { accepted: true, events: between.length > 0 ? [...between, ...appended.events] : appended.events };
}
