import type { RecordedEvent } from "../core/events/event.js";
import type { OperationId, WorkerId } from "../core/ids.js";

/** The moment of the kill, as the tour knows it. */
export interface Kill {
  readonly workerId: WorkerId;
  readonly step: OperationId;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What the tour promises, and whether it is so. */
export interface Fact {
  readonly fact: string;
  readonly confirmed: boolean;
}

/** Steps that had their outcome when the worker was killed. */
export function keptSteps(history: readonly RecordedEvent[]): readonly OperationId[] {
  const before = history.slice(0, interruption(history)?.sequence ?? history.length);
  return before.flatMap((event) => (event.type === "step.completed" ? [event.operationId] : []));
}

/** From the kill to the moment when another process had the run, in milliseconds; undefined where none took it up. */
export function recoveryMs(history: readonly RecordedEvent[], { at }: Kill): number | undefined {
  const resumed = resumption(history);
  return resumed === undefined ? undefined : Math.max(0, resumed.at - at);
}

/** The promises, checked against the log and against what the steps left behind: never against time. */
export function checkFacts(history: readonly RecordedEvent[], kill: Kill, charges: number): readonly Fact[] {
  const { step } = kill;
  const interrupted = interruption(history);
  const attempts = history.flatMap((event) => (event.type === "step.started" && event.operationId === step ? [event.attempt] : []));
  const completions = countBy(history, "step.completed");
  const starts = countBy(history, "step.started");
  const kept = keptSteps(history);
  return [
    { fact: "the run was interrupted by the loss of the process that was killed", confirmed: interrupted?.workerId === kill.workerId },
    { fact: "another process took it up again for recovery", confirmed: resumption(history) !== undefined },
    { fact: "the steps before the kill were kept, and not started again", confirmed: kept.length > 0 && kept.every((id) => starts.get(id) === 1) },
    { fact: "every step was completed once", confirmed: completions.size === starts.size && [...completions.values()].every((count) => count === 1) },
    { fact: `${step} was killed in its first attempt and completed in its second`, confirmed: attempts.join() === "1,2" && completions.get(step) === 1 },
    { fact: "the payment was charged once", confirmed: charges === 1 },
    { fact: "the run completed", confirmed: history.at(-1)?.type === "workflow.completed" },
  ];
}

function interruption(history: readonly RecordedEvent[]) {
  return history.find((event) => event.type === "workflow.interrupted" && event.reason === "worker_lost");
}

function resumption(history: readonly RecordedEvent[]): RecordedEvent | undefined {
  const lostAt = interruption(history)?.sequence ?? Infinity;
  return history.find((event) => event.type === "workflow.resumed" && event.reason === "recovery" && event.sequence > lostAt);
}

function countBy(history: readonly RecordedEvent[], type: "step.started" | "step.completed"): Map<OperationId, number> {
  const counts = new Map<OperationId, number>();
  for (const event of history) {
    if (event.type === type) counts.set(event.operationId, (counts.get(event.operationId) ?? 0) + 1);
  }
  return counts;
}
