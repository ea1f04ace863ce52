import { chainOf, placeTaken, requestEvents, type CancellationRequest } from "../../core/family.js";
import type { RunId } from "../../core/ids.js";
import { isTerminal } from "../../core/run.js";
import type { ScheduleCommit, ScheduleCommitResult } from "../backend.js";
import { appendLinked } from "./append.js";
import type { Connection } from "./connection.js";
import { getRun, insertRun, lastOfChain } from "./runs.js";
import { saveDefinition, saveState, storedSchedule } from "./schedules.js";
import { saveTicks, tickChanges } from "./ticks.js";

/** One transaction for the whole batch. A refused member is found out before it writes, so it needs no savepoint. */
export function commitSchedules(connection: Connection, batch: readonly ScheduleCommit[]): Promise<readonly ScheduleCommitResult[]> {
  return connection.write(() => batch.map((member) => commitSchedule(connection, member)));
}

function commitSchedule(connection: Connection, member: ScheduleCommit): ScheduleCommitResult {
  const { scheduleId, version, definition, state, ticks, create, cancel, now } = member;
  const before = storedSchedule(connection, scheduleId);
  if (before?.version !== version) return { accepted: false, refused: "version" };
  const changes = tickChanges(connection, before.key, ticks); // I8
  if (!changes) return { accepted: false, refused: "tick" };
  saveState(connection, before, state); // before the requests: a run that ends by one changes this state
  if (definition) saveDefinition(connection, before.key, definition);
  saveTicks(connection, before.key, changes);
  for (const run of create) insertRun(connection, run);
  for (const runId of cancel) askToEnd(connection, runId, placeTaken(scheduleId, now));
  return { accepted: true };
}

/** What is appended depends on the run as it is now: of the one that was listed another may have taken the place meanwhile. */
function askToEnd(connection: Connection, listed: RunId, request: CancellationRequest): void {
  const named = getRun(connection, listed);
  const run = named && lastOfChain(connection, chainOf(named));
  if (!run || isTerminal(run.status)) return;
  const events = requestEvents(run, request);
  if (events.length > 0) appendLinked(connection, [{ runId: run.runId, events }]);
}
