import type { Clock } from "../base/clock.js";
import { requestEvents } from "../core/family.js";
import type { RunId } from "../core/ids.js";
import { isTerminal, type RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import { lastOfChain } from "./chain.js";

/** Which run is to end, and who says so. */
export interface CancellationOrder {
  /** Of a run that continued as new, the run that goes on in its place is asked. */
  readonly runId: RunId;
  readonly reason?: string | undefined;
  /** Who asks, for people who read the log. */
  readonly requestedBy: string;
}

/** What became of the request. */
export interface CancellationAnswer {
  /** The run that was asked, as it stands after that: the last of its chain. */
  readonly run: RunRecord;
  /** Whether this call asked it: false where it had ended, or had been asked before. */
  readonly written: boolean;
}

/** Asks a run to end; one that has nothing to clean up has ended when this resolves. Throws RunNotFoundError. */
export async function requestCancellation(backend: Backend, clock: Pick<Clock, "now">, order: CancellationOrder): Promise<CancellationAnswer> {
  const { reason, requestedBy } = order;
  let seen = 0;
  for (;;) {
    const run = await lastOfChain(backend, order.runId);
    const request = { at: clock.now(), requestedBy, ...(reason !== undefined && { reason }) };
    const events = isTerminal(run.status) ? [] : requestEvents(run, request);
    if (events.length === 0) return { run, written: false };
    // An end without the run's code is refused where somebody began to execute it meanwhile.
    const ends = events.some(({ type }) => type === "workflow.cancelled");
    const [result] = await backend.commit([{ runId: run.runId, seen: run.durable ? seen : (run.inbox ?? 0), events, ...(ends && { expect: true, epoch: run.epoch }) }]);
    if (result?.accepted) return { run: await lastOfChain(backend, order.runId), written: true };
    // Read before the run is looked at again: what comes between is refused once more.
    seen = (await backend.readHistory(run.runId, 0)).length;
  }
}
