import { setAlarm, systemClock } from "../base/clock.js";
import { decode } from "../base/codec.js";
import { deferred } from "../base/deferred.js";
import { decide, type Misfit } from "../core/decide.js";
import { defaults } from "../core/defaults.js";
import { NotStorableValueError, PayloadTooLargeError } from "../core/errors.js";
import { endsRun, isDelivered, isOperationEvent, retriesRun, type RecordedEvent } from "../core/events/event.js";
import type { RunEnd } from "../core/events/run.js";
import type { OperationId } from "../core/ids.js";
import { History } from "../core/replay.js";
import { wasGivenUp } from "../core/reset.js";
import type { NewRun } from "../core/run.js";
import type { Outside } from "./context/current.js";
import { logThrough } from "./context/log.js";
import type { WorkflowDefinition } from "./definition.js";
import { callerPlace } from "./place.js";
import { guardRejections } from "./rejections.js";
import { Body, type BodyEnd, type BodyOptions } from "./run/body.js";
import type { RunLimits } from "./run/environment.js";
import type { Request } from "./run/operation.js";

/** A durable run and all of its events, as a store has them, and as they can be kept in a file of JSON. */
export interface StoredHistory {
  readonly run: NewRun;
  readonly history: readonly RecordedEvent[];
}

/** Whether code and history fit. The place, `file:line:column`, is that of the call that the code makes instead, else that of the workflow. */
export type ReplayFinding = { readonly fits: true } | ({ readonly fits: false } & Misfit);

/**
 * Replays a history against a definition, by the rules by which a worker takes the run up, and stops where it would act: nothing is executed,
 * recorded or started. Of a run that ended by itself the code must come to the same end; any other may be anywhere.
 */
export async function replayRun({ run, history: events }: StoredHistory, definition: WorkflowDefinition, limits: Pick<RunLimits, "payloadBytes">): Promise<ReplayFinding> {
  if (events.length === 0) return { fits: true }; // its code has never been called
  guardRejections();
  const history = new History();
  history.absorb(withoutEnd(events));
  if (history.startedAt === 0) history.startedAt = run.createdAt;
  const stirred = deferred<undefined>();
  const body = new ReplayedBody({ ...run, ...limits, seed: run.seed ?? run.runId, definition, history, log: silence, outside: nobody, onStir: () => stirred.resolve(undefined) });
  await body.start();
  await body.deliverAll();
  if (isStray(misfitOf(body, history))) await within(defaults.engine.strayMs, stirred.promise);
  const misfit = misfitOf(body, history) ?? differentEnd(body, { run, history, events });
  body.frozen = true;
  if (misfit === undefined) return { fits: true };
  const place = misfit.place ?? body.placeOf(misfit.operationId) ?? body.firstNew?.place ?? definition.place;
  return { fits: false, ...misfit, ...(place !== undefined && { place }) };
}

const silence = logThrough(() => {});

// Only steps of the engine's own ask for other runs, and no step is executed.
const nobody: Outside = {
  cancel: () => new Promise(() => {}),
  statusOf: () => new Promise(() => {}),
};

interface NewCall {
  readonly id: OperationId;
  readonly place: string | undefined;
}

/** A body that remembers where it asked for what the history does not have. */
class ReplayedBody extends Body {
  readonly #history: History;
  readonly #newCalls: NewCall[] = [];

  constructor(options: BodyOptions) {
    super(options);
    this.#history = options.history;
  }

  /** The first operation that the code asked for and the history does not have. */
  get firstNew(): NewCall | undefined {
    return this.#newCalls[0];
  }

  placeOf(id: OperationId | undefined): string | undefined {
    return this.#newCalls.find((call) => call.id === id)?.place;
  }

  override ask(request: Request, shielded: boolean): Promise<unknown> {
    const id = this.nextIdOf(request.name === undefined ? request.kind : `${request.kind}_${request.name}`);
    const answer = super.ask(request, shielded);
    if (this.operations.has(id) && !this.#history.operations.has(id)) this.#newCalls.push({ id, place: callerPlace() });
    return answer;
  }
}

/** What a worker would park the run for that takes it up with this history. */
function misfitOf(body: ReplayedBody, history: History): Misfit | undefined {
  const [unasked] = history.unasked;
  const decision = decide({
    misfit: body.misfit,
    unasked,
    durable: true,
    open: body.open.size - body.beside.size,
    bodyEnded: body.ended !== undefined,
    lastDelivered: body.delivered,
    ...inert,
  });
  if (decision.kind !== "park") return undefined;
  const { misfit } = decision;
  const isUnasked = misfit.operationId !== undefined && history.unasked.has(misfit.operationId);
  return isUnasked && body.firstNew !== undefined ? { ...misfit, message: `${misfit.message}: it asked for ${body.firstNew.id} instead` } : misfit;
}

// No time passes and nothing acts.
const inert = { deadline: Infinity, releasing: false, mustAct: false, recordsPatch: false, busy: false, nextTimer: undefined, now: 0, retryInMemoryMs: 0 } as const;

function isStray(misfit: Misfit | undefined): boolean {
  return misfit?.code === "NON_DURABLE_AWAIT" && misfit.operationId === undefined;
}

async function within(ms: number, happened: Promise<undefined>): Promise<void> {
  const over = deferred<undefined>();
  const timer = setAlarm(systemClock, ms, () => over.resolve(undefined));
  await Promise.race([happened, over.promise]);
  timer.cancel();
}

/** The events without those that ended the run: they speak of operations that its code had left open, and are seen by nobody. */
function withoutEnd(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const last = events.at(-1);
  if (last === undefined || !endsRun(last)) return events;
  let length = events.length - 1;
  while (closesOperation(events[length - 1])) length--;
  return events.slice(0, length);
}

function closesOperation(event: RecordedEvent | undefined): boolean {
  return (event?.type === "step.cancelled" || event?.type === "hook.disposed") && event.reason === "run_ended";
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
    return differs(`after event ${body.delivered} the code ends, but the history goes on`);
  }
  if (end === undefined || !endsRun(end) || endsAnywhere(end, replayed)) return undefined;
  const recorded = `the history ends with ${end.type} (event ${end.sequence})`;
  if (body.ended === undefined) {
    const [waited] = body.open;
    const id = body.firstNew?.id ?? waited?.id;
    return differs(`${recorded}, but the code waits${id === undefined ? "" : ` for ${id}`}`, id);
  }
  if (isEnd(end, body.ended)) return undefined;
  return differs(`${recorded}, but the code ${howItEnded(body.ended)}`);
}

function differs(message: string, operationId?: OperationId): Misfit {
  return { code: "NON_DETERMINISTIC", message, ...(operationId !== undefined && { operationId }) };
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
