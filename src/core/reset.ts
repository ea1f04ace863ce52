import { decode, encode, NotStorableError, sameExceptStacks, type Encoded } from "../base/codec.js";
import { ChildWorkflowCancelledError, EventLimitExceededError, HookExpiredError, RecoveryDisabledError, RecoveryExhaustedError, WorkflowTimeoutError } from "./errors.js";
import { isOperationEvent, isOutcome, type OperationEvent, type OutcomeEvent, type RecordedEvent } from "./events/event.js";
import type { OperationId } from "./ids.js";

/**
 * The operations that begin a new life when a failed run is retried, in the order of its log; empty for a run that has not failed. What replay does
 * not pass over must be a history that the same body could have written. So it passes over what failed the run, what was asked for after that was
 * seen (a refund in a `catch`), what failed later, and what the end of the run closed.
 */
export function resetOf(history: readonly RecordedEvent[]): readonly OperationId[] {
  const end = history.at(-1);
  if (end?.type !== "workflow.failed") return [];
  const operations = newestLives(history);
  const failureAt = sequenceOfFailure(operations, end.value);
  return operations.filter((operation) => wasClosed(operation) || comesAfter(operation, failureAt)).map(({ id }) => id);
}

/** An operation as its newest life tells it: what stands in the log since it was last reset. */
export interface Life {
  readonly id: OperationId;
  readonly first: OperationEvent & { readonly sequence: number };
  outcome?: OutcomeEvent & { readonly sequence: number };
}

/** The operations of a history in the order in which they come first; those that were reset and not asked for again are not among them. */
export function newestLives(history: readonly RecordedEvent[]): readonly Life[] {
  const lives = new Map<OperationId, Life>();
  for (const event of history) {
    if (event.type === "workflow.resumed") for (const id of event.reset ?? []) lives.delete(id);
    if (!isOperationEvent(event)) continue;
    const life = lives.get(event.operationId) ?? { id: event.operationId, first: event };
    lives.set(life.id, life);
    if (isOutcome(event)) life.outcome = event;
  }
  return [...lives.values()];
}

/** The operation that failed the run: its error is that of the run, or a cause of it. */
export function blamedOperation(history: readonly RecordedEvent[]): OperationId | undefined {
  const end = history.at(-1);
  if (end?.type !== "workflow.failed" || wasGivenUp(end.value)) return undefined;
  return newestLives(history).filter(hasFailed).findLast(({ outcome }) => isBlamed(outcome, end.value))?.id;
}

type Failed = Life & { readonly outcome: OutcomeEvent & { readonly sequence: number } };

// Of several failures that the body could not have seen one before the other (those of a `Promise.all`, say) the first counts: to
// repeat a later one alone would fail the run with the first again.
function sequenceOfFailure(operations: readonly Life[], error: Encoded): number {
  if (wasGivenUp(error)) return Infinity;
  const failed = operations.filter(hasFailed).toSorted((a, b) => b.outcome.sequence - a.outcome.sequence);
  const blamed = failed.filter(({ outcome }) => isBlamed(outcome, error));
  const [last, ...earlier] = blamed.length > 0 ? blamed : failed;
  let sequence = last?.outcome.sequence ?? Infinity;
  let askedAfter = afterOf(last);
  for (const operation of earlier) {
    if (operation.outcome.sequence <= askedAfter) break;
    ({ sequence } = operation.outcome);
    askedAfter = Math.min(askedAfter, afterOf(operation));
  }
  return sequence;
}

/** Whether the engine gave the run up with this error, wherever its body stood: no operation is to blame. */
export function wasGivenUp(error: Encoded): boolean {
  const thrown = decode(error);
  return [WorkflowTimeoutError, RecoveryDisabledError, RecoveryExhaustedError, EventLimitExceededError].some((reason) => thrown instanceof reason);
}

function hasFailed(life: Life): life is Failed {
  const type = life.outcome?.type;
  return type === "step.failed" || type === "hook.expired" || type === "child_workflow.failed" || type === "child_workflow.cancelled";
}

/** Whether the run failed with this outcome: as it came, or as the cause of what its body threw. */
function isBlamed(outcome: OutcomeEvent, error: Encoded): boolean {
  return withCauses(decode(error)).some((thrown) => {
    if (outcome.type === "hook.expired") return thrown instanceof HookExpiredError && thrown.token.endsWith(`:${outcome.operationId}`);
    if (outcome.type === "child_workflow.cancelled") return thrown instanceof ChildWorkflowCancelledError && thrown.childRunId === outcome.childRunId;
    return "value" in outcome && isSame(thrown, outcome.value);
  });
}

function isSame(thrown: unknown, value: Encoded): boolean {
  try {
    return sameExceptStacks(encode(thrown), value);
  } catch (error) {
    if (error instanceof NotStorableError) return false;
    throw error;
  }
}

const causesMax = 20;

function withCauses(error: unknown): readonly unknown[] {
  const found: unknown[] = [error];
  for (let index = 0; index < found.length && found.length < causesMax; index++) {
    const thrown = found[index];
    if (!(thrown instanceof Error)) continue;
    if (thrown.cause !== undefined) found.push(thrown.cause);
    if (thrown instanceof AggregateError) found.push(...(thrown.errors as readonly unknown[]));
  }
  return found;
}

/** The last sequence that the body had seen when it asked for the operation. */
function afterOf(life: Life | undefined): number {
  return life !== undefined && "after" in life.first ? life.first.after : 0;
}

function comesAfter(life: Life, failureAt: number): boolean {
  return afterOf(life) >= failureAt || (hasFailed(life) && life.outcome.sequence >= failureAt);
}

/**
 * The end of the run settled it, or leaves nobody to settle it: a child that was closed with the run. A hook that stayed open was disposed of in the
 * store alone, which a retry takes back.
 */
function wasClosed({ first, outcome }: Life): boolean {
  if (outcome === undefined) return first.type === "child_workflow.started" && first.parentClose !== "abandon";
  return (outcome.type === "step.cancelled" || outcome.type === "hook.disposed") && outcome.reason === "run_ended";
}
