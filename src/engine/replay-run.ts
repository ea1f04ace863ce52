import { decode } from "../base/codec.js";
import type { Misfit } from "../core/decide.js";
import { NotStorableValueError, PayloadTooLargeError } from "../core/errors.js";
import { endsRun, isDelivered, isOperationEvent, retriesRun, type RecordedEvent } from "../core/events/event.js";
import type { RunEnd } from "../core/events/run.js";
import type { OperationId } from "../core/ids.js";
import type { History } from "../core/replay.js";
import { wasGivenUp } from "../core/reset.js";
import type { NewRun } from "../core/run.js";
import type { WorkflowDefinition } from "./definition.js";
import { replayBody, withoutEnd, type ReplayedBody, type StoredHistory } from "./replayed-body.js";
import type { BodyEnd } from "./run/body.js";
import type { RunLimits } from "./run/environment.js";

export type { StoredHistory };

/** Whether code and history fit. The place, `file:line:column`, is that of the call that the code makes instead, else that of the workflow. */
export type ReplayFinding = { readonly fits: true } | ({ readonly fits: false } & Misfit);

/**
 * Replays a history against a definition, by the rules by which a worker takes the run up, and stops where it would act: nothing is executed,
 * recorded or started. Of a run that ended by itself the code must come to the same end; any other may be anywhere.
 */
export async function replayRun(stored: StoredHistory, definition: WorkflowDefinition, limits: Pick<RunLimits, "payloadBytes">): Promise<ReplayFinding> {
  const { run, history: events } = stored;
  if (events.length === 0) return { fits: true }; // its code has never been called
  const { body, history, misfit: found } = await replayBody(stored, definition, limits);
  const misfit = found ?? differentEnd(body, { run, history, events });
  return misfit === undefined ? { fits: true } : { fits: false, ...misfit };
}

interface Replayed {
  readonly run: NewRun;
  readonly history: History;
  readonly events: readonly RecordedEvent[];
}

function differentEnd(body: ReplayedBody, replayed: Replayed): Misfit | undefined {
  const { events } = replayed;
  const end = events.at(-1);
  if (body.ended !== undefined && hasGoneOnAfter(body.delivered, events)) {
    return differs(body, `after event ${body.delivered} the code ends, but the history goes on`);
  }
  if (end === undefined || !endsRun(end) || endsAnywhere(end, replayed)) return undefined;
  const recorded = `the history ends with ${end.type} (event ${end.sequence})`;
  if (body.ended === undefined) {
    const [waited] = body.open;
    const id = body.firstNew?.id ?? waited?.id;
    return differs(body, `${recorded}, but the code waits${id === undefined ? "" : ` for ${id}`}`, id);
  }
  if (isEnd(end, body.ended)) return undefined;
  return differs(body, `${recorded}, but the code ${howItEnded(body.ended)}`);
}

function differs(body: ReplayedBody, message: string, operationId?: OperationId): Misfit {
  const place = body.placeOf(operationId) ?? body.firstNew?.place;
  return body.explain({ code: "NON_DETERMINISTIC", message, ...(operationId !== undefined && { operationId }), ...(place !== undefined && { place }) });
}

/** Whether the body of the history was alive when it had seen more, or had come to a wait that something ended. */
function hasGoneOnAfter(delivered: number, events: readonly RecordedEvent[]): boolean {
  const lastLife = events.slice(events.findLastIndex(retriesRun) + 1);
  const lastDelivery = withoutEnd(events).findLast(isDelivered)?.sequence ?? 0;
  return lastLife.some((event) => {
    if (event.type === "workflow.suspended") return event.reason === "waiting" && delivered < event.sequence && event.sequence < lastDelivery;
    return isOperationEvent(event) && "after" in event && event.after > delivered;
  });
}

/** Whether somebody else ended the run, or the engine did: wherever its body stood. */
function endsAnywhere(end: RunEnd, { run, history }: Replayed): boolean {
  if (end.type === "workflow.cancelled") return !end.cleanupCompleted || end.at >= history.aliveSince + (run.maxDurationMs ?? Infinity);
  return end.type === "workflow.failed" && wasGivenUp(end.value);
}

function isEnd(end: RunEnd, ended: BodyEnd): boolean {
  switch (end.type) {
    case "workflow.completed":
      return "value" in ended;
    case "workflow.continued_as_new":
      return "continueWith" in ended;
    case "workflow.failed":
      return "error" in ended || isUnstorable(decode(end.value));
    default:
      return true; // once requested, the only end is the cancelled one, however the body ended
  }
}

// What the body returned was to blame.
function isUnstorable(error: unknown): boolean {
  return error instanceof NotStorableValueError || error instanceof PayloadTooLargeError;
}

function howItEnded(ended: BodyEnd): string {
  if ("value" in ended) return "returns";
  if ("continueWith" in ended) return "continues as new";
  return `throws ${ended.error instanceof Error ? `${ended.error.name}: ${ended.error.message}` : String(ended.error)}`;
}
