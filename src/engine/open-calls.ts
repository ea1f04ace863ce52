import type { Misfit } from "../core/decide.js";
import type { OperationId } from "../core/ids.js";
import { spansOf } from "../core/spans.js";
import type { WorkflowDefinition } from "./definition.js";
import { replayBody, type StoredHistory } from "./replayed-body.js";
import type { RunLimits } from "./run/environment.js";
import type { Request } from "./run/operation.js";

/** A durable call that the body of a run has made and that is open. */
export interface OpenCall {
  /** `file:line:column`. */
  readonly place: string | undefined;
  /** Whether the body waits for its outcome: nobody does for a child that runs beside. */
  readonly isAwaited: boolean;
  /** Of a step: how many of its attempts may fail. */
  readonly attemptsMax?: number;
}

/** Where the body of a run stands, as its code has it. */
export interface Position {
  readonly open: ReadonlyMap<OperationId, OpenCall>;
  /** The first call that it makes when it goes on, or the definition of its workflow where it has not begun. */
  readonly next: string | undefined;
}

/** Replays the history of a live run, with every effect stubbed, to see where its code stands; or tells why they do not fit. */
export async function positionOf(stored: StoredHistory, definition: WorkflowDefinition, limits: Pick<RunLimits, "payloadBytes">): Promise<Position | { readonly misfit: Misfit }> {
  if (stored.history.length === 0) return { open: new Map(), next: definition.place };
  const wanted = new Set(spansOf(stored.history).flatMap(({ operationId, endedAt }) => (endedAt === undefined ? [operationId] : [])));
  const { body, misfit } = await replayBody(stored, definition, { ...limits, wanted });
  if (misfit !== undefined) return { misfit };
  const open = [...body.open].map((operation): [OperationId, OpenCall] => {
    const { id, request } = operation;
    return [id, { place: body.placeOf(id), isAwaited: !body.beside.has(operation), ...attemptsOf(request) }];
  });
  return { open: new Map(open), next: body.firstNew?.place };
}

function attemptsOf(request: Request): Pick<OpenCall, "attemptsMax"> {
  return request.kind === "step" ? { attemptsMax: request.definition.maxRetries + 1 } : {};
}
