import { setAlarm, systemClock } from "../base/clock.js";
import { deferred } from "../base/deferred.js";
import { decide, type Misfit } from "../core/decide.js";
import { defaults } from "../core/defaults.js";
import { endsRun, type RecordedEvent } from "../core/events/event.js";
import type { OperationId } from "../core/ids.js";
import { History } from "../core/replay.js";
import type { NewRun } from "../core/run.js";
import type { Outside } from "./context/current.js";
import { logThrough } from "./context/log.js";
import type { WorkflowDefinition } from "./definition.js";
import { callerPlace } from "./place.js";
import { guardRejections } from "./rejections.js";
import { Body, type BodyOptions } from "./run/body.js";
import type { RunLimits } from "./run/environment.js";
import type { Request } from "./run/operation.js";

/** A durable run and all of its events, as a store has them, and as they can be kept in a file of JSON. */
export interface StoredHistory {
  readonly run: NewRun;
  readonly history: readonly RecordedEvent[];
}

/** A body that has come to the end of its history, and what it would be parked for there. */
export interface ReplayEnd {
  readonly body: ReplayedBody;
  readonly history: History;
  readonly misfit: Misfit | undefined;
}

/** Replays a history that has an event, by the rules by which a worker takes the run up, and stops where it would act. The places of the calls in `wanted` are noted. */
export async function replayBody({ run, history: events }: StoredHistory, definition: WorkflowDefinition, options: Pick<RunLimits, "payloadBytes"> & { readonly wanted?: ReadonlySet<OperationId> }): Promise<ReplayEnd> {
  const { payloadBytes, wanted = new Set<OperationId>() } = options;
  guardRejections();
  const history = new History();
  history.absorb(withoutEnd(events));
  if (history.startedAt === 0) history.startedAt = run.createdAt;
  const stirred = deferred<undefined>();
  const body = new ReplayedBody({ ...run, payloadBytes, seed: run.seed ?? run.runId, definition, history, log: silence, outside: nobody, onStir: () => stirred.resolve(undefined) }, wanted);
  await body.start();
  await body.deliverAll();
  if (isStray(misfitOf(body, history))) await within(defaults.engine.strayMs, stirred.promise);
  const misfit = misfitOf(body, history);
  body.frozen = true;
  return { body, history, misfit };
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

/** A body that remembers where it asked for what the history does not have, and for what is wanted. */
export class ReplayedBody extends Body {
  readonly #history: History;
  readonly #wanted: ReadonlySet<OperationId>;
  readonly #places = new Map<OperationId, string | undefined>();
  #firstNew: NewCall | undefined;

  constructor(options: BodyOptions, wanted: ReadonlySet<OperationId>) {
    super(options);
    this.#history = options.history;
    this.#wanted = wanted;
  }

  /** The first operation that the code asked for and the history does not have. */
  get firstNew(): NewCall | undefined {
    return this.#firstNew;
  }

  /** `file:line:column` of the call, where it was noted. */
  placeOf(id: OperationId | undefined): string | undefined {
    return id === undefined ? undefined : this.#places.get(id);
  }

  override ask(request: Request, shielded: boolean): Promise<unknown> {
    const id = this.nextIdOf(request.name === undefined ? request.kind : `${request.kind}_${request.name}`);
    const answer = super.ask(request, shielded);
    const isNew = this.operations.has(id) && !this.#history.operations.has(id);
    if (isNew || this.#wanted.has(id)) this.#places.set(id, callerPlace());
    if (isNew) this.#firstNew ??= { id, place: this.placeOf(id) };
    return answer;
  }

  // Where the end is waited for tells more than where the child was started.
  override askForEnd(child: OperationId, shielded: boolean): Promise<unknown> {
    if (this.#wanted.has(child)) this.#places.set(child, callerPlace());
    return super.askForEnd(child, shielded);
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
  return body.explain(decision.misfit);
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
export function withoutEnd(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const last = events.at(-1);
  if (last === undefined || !endsRun(last)) return events;
  let length = events.length - 1;
  while (closesOperation(events[length - 1])) length--;
  return events.slice(0, length);
}

function closesOperation(event: RecordedEvent | undefined): boolean {
  return (event?.type === "step.cancelled" || event?.type === "hook.disposed") && event.reason === "run_ended";
}
