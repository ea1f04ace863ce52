import { decode } from "../base/codec.js";
import { sentenceOf } from "../core/decide.js";
import type { CancellationRequested, WorkerLost } from "../core/events/run.js";
import { retriesRun, type RecordedEvent } from "../core/events/event.js";
import { chainOf } from "../core/family.js";
import type { OperationId, RunId } from "../core/ids.js";
import { blamedOperation } from "../core/reset.js";
import { foldHistory, isTerminal, type RunRecord } from "../core/run.js";
import { spansOf, type Span } from "../core/spans.js";
import { byTelling, waitOf, type WaitsFor } from "../core/wait.js";
import { lastOfChain } from "../engine/chain.js";
import { positionOf, type OpenCall, type Position } from "../engine/open-calls.js";
import { placeInStack } from "../engine/place.js";
import { placeOfStep, registeredWorkflows } from "../engine/registry.js";
import type { WorkerRecord } from "../storage/backend.js";
import { findRun } from "./find-run.js";
import type { Project } from "./project.js";
import { missing } from "./replay-runs.js";
import { executes, servingOf, statusOf, type SeenStatus, type Serving } from "./serving.js";
import { errorCard, type ErrorCard } from "./show-run.js";

/** An operation that is open, with what the code knows of it. */
export interface OpenOperation extends Span {
  readonly place: string | undefined;
  /** Of a step, where the code could be asked: how many of its attempts may fail. */
  readonly attemptsMax: number | undefined;
}

/** Who holds a running run. */
export interface Holder {
  /** Absent where the store has forgotten it. */
  readonly worker: WorkerRecord | undefined;
  readonly status: SeenStatus;
}

/** Why a run is where it is: facts, for who words them. Times in milliseconds since the epoch. */
export interface RunWhy {
  readonly now: number;
  /** As its history has it: the row may be older. */
  readonly run: RunRecord;
  readonly waitsFor: WaitsFor;
  /** Since when it waits. */
  readonly since: number | undefined;
  /** When it goes on by itself. */
  readonly until: number | undefined;
  /** The most telling of what its body waits for; of a failed run, what failed it. */
  readonly main: OpenOperation | undefined;
  /** What else it waits for. */
  readonly also: readonly OpenOperation[];
  /** `file:line:column` of the call that it waits at, will make next, or failed with. */
  readonly place: string | undefined;
  /** Where the step is defined that runs. */
  readonly definedAt: string | undefined;
  /** Why there is no place. */
  readonly noPlace: string | undefined;
  readonly holder: Holder | undefined;
  /** Who could take it up. */
  readonly serving: Serving;
  /** The newest loss of a worker. */
  readonly loss: WorkerLost | undefined;
  readonly cancellation: CancellationRequested | undefined;
  /** When its `maxDuration` is over. */
  readonly deadline: number | undefined;
  /** Of a parked run: whether the code on disk fits its history; undefined where that could not be asked. */
  readonly fits: boolean | undefined;
  /** Of the last attempt, or the one that ended the run. */
  readonly error: ErrorCard | undefined;
  /** Of a run that waits for a child: why that one does not go on. */
  readonly child: RunWhy | undefined;
  /** Of a run that continued as new: the last of its chain, as far as the store has it. */
  readonly last: RunRecord | undefined;
}

export interface WhyRunOptions {
  /** A run id, a prefix, or `@last`. */
  readonly id: string;
  /** Imports the workflow modules. It is called where a place has to be found; what it throws is told as the reason why there is none. */
  readonly loadCode: () => Promise<unknown>;
}

/** Why the run does not go on, or what became of it. Nothing is executed, and nothing in the store changes. Throws as {@link findRun}. */
export async function whyRun(project: Project, { id, loadCode }: WhyRunOptions): Promise<RunWhy> {
  const { runId } = await findRun(project, id);
  let loaded: Promise<string | undefined> | undefined;
  const codeTrouble = () => (loaded ??= loadCode().then(() => undefined, messageOf));
  return whyOf({ project, codeTrouble, depth: 0 }, runId);
}

interface Question {
  readonly project: Project;
  /** Loads the code once; why that can't be done. */
  readonly codeTrouble: () => Promise<string | undefined>;
  /** How many runs wait for this one, one for the other. */
  readonly depth: number;
}

// Deeper than children can be nested; a chain of waits that is longer is a circle.
const depthMax = 16;
const looksMax = 3;

async function whyOf(question: Question, runId: RunId): Promise<RunWhy> {
  for (let look = 1; ; look++) {
    const why = whyOfSeen(await lookAt(question, runId));
    const child = await whyChild(question, why);
    // A child ends in one commit with its parent's hearing of it: what was read of the parent is older.
    if (child === undefined || !isTerminal(child.run.status) || look === looksMax) return { ...why, child, last: why.run.continuedTo && (await question.project.backend.lastOfChain(chainOf(why.run))) };
  }
}

/** What was read of a run, at one time. */
interface Seen {
  /** As its history has it: the row may be older. */
  readonly run: RunRecord;
  readonly history: readonly RecordedEvent[];
  readonly serving: Serving;
  readonly holder: Holder | undefined;
  readonly code: Code;
  readonly now: number;
}

async function lookAt(question: Question, runId: RunId): Promise<Seen> {
  const { backend, clock } = question.project;
  const row = await findRun(question.project, runId);
  const history = row.durable ? await backend.readHistory(runId, 0) : [];
  // The run may have moved between the two: the fold of its history is the row that belongs to it (I10).
  const run = row.durable ? { ...row, ...foldHistory(row.createdAt, history) } : row;
  const workers = await backend.listWorkers();
  const serving = await servingOf(run, workers.filter(executes), question.project);
  const holder = run.status === "running" ? holderOf(run, workers, question.project) : undefined;
  return { run, history, serving, holder, code: await codeOf(question, run, history), now: clock.now() };
}

function whyOfSeen(seen: Seen): Omit<RunWhy, "child" | "last"> {
  const { run, history, serving, holder, code, now } = seen;
  const stand = isTerminal(run.status) ? endOf(seen) : standOf(seen);
  const { main, place } = stand;
  const waitsFor = waitOf({ run, main, holderLives: holder !== undefined && holder.status !== "dead", now });
  return {
    ...stand,
    now,
    run,
    waitsFor,
    since: sinceOf(waitsFor, { ...seen, main }),
    until: untilOf(seen, main),
    definedAt: main?.kind === "step" ? placeOfStep(main.name ?? "") : undefined,
    noPlace: place === undefined ? code.trouble : undefined,
    holder,
    serving,
    loss: history.findLast(isLoss),
    cancellation: history.find((event) => event.type === "cancellation.requested"),
    deadline: deadlineOf(seen),
    fits: run.parked === undefined ? undefined : code.fits,
  };
}

type Stand = Pick<RunWhy, "main" | "also" | "error" | "place">;

function standOf({ run, history, code: { position, misfitPlace } }: Seen): Stand {
  const [main, ...also] = openOperations(history, position);
  const stopped = run.parked && (misfitPlace ?? run.parked.place);
  return { main, also, error: main?.error && errorCard(decode(main.error)), place: stopped ?? main?.place ?? position?.next };
}

function endOf({ run, history }: Seen): Stand {
  if (run.error === undefined) return { main: undefined, also: [], error: undefined, place: undefined };
  const error = errorCard(decode(run.error));
  const blamed: OperationId | undefined = blamedOperation(history);
  const span = spansOf(history).find(({ operationId }) => operationId === blamed);
  return { main: span && withCode(span), also: [], error, place: placeInStack(error.stack) };
}

function holderOf({ workerId }: RunRecord, workers: readonly WorkerRecord[], project: Project): Holder {
  const worker = workers.find((each) => each.workerId === workerId);
  return { worker, status: worker === undefined ? "dead" : statusOf(worker, project) };
}

interface Code {
  readonly position?: Position;
  /** Undefined where that could not be asked. */
  readonly fits?: boolean;
  /** Where the code on disk goes another way. */
  readonly misfitPlace?: string | undefined;
  /** Why there is no position. */
  readonly trouble?: string;
}

/** Where the run stands in the code on disk. A run that has ended stands nowhere, and a transient one has no history that would tell. */
async function codeOf({ project, codeTrouble }: Question, run: RunRecord, history: readonly RecordedEvent[]): Promise<Code> {
  if (!run.durable || isTerminal(run.status)) return {};
  const trouble = await codeTrouble();
  if (trouble !== undefined) return { trouble };
  const definition = registeredWorkflows().get(run.workflowName);
  if (definition === undefined) return { trouble: missing(run.workflowName).message };
  const position = await positionOf({ run, history }, definition, project.config.limits);
  if (!("misfit" in position)) return { fits: true, position };
  return { fits: false, misfitPlace: position.misfit.place, trouble: `code and history do not fit: ${sentenceOf(position.misfit)}` };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the body waits for, the most telling first. Where its code could be asked, that decides: a request to cancel ends sleeps without an event. */
function openOperations(history: readonly RecordedEvent[], position: Position | undefined): readonly OpenOperation[] {
  const open = spansOf(history).filter(({ endedAt, operationId, isAwaited }) => endedAt === undefined && (position === undefined ? isAwaited : position.open.get(operationId)?.isAwaited));
  return byTelling(open).map((span) => withCode(span, position?.open.get(span.operationId)));
}

function withCode(span: Span, call?: OpenCall): OpenOperation {
  return { ...span, place: call?.place, attemptsMax: call?.attemptsMax };
}

function sinceOf(waitsFor: WaitsFor, { run, history, main, holder }: Seen & Pick<Stand, "main">): number | undefined {
  switch (waitsFor) {
    case "nothing":
      return run.completedAt ?? history.findLast(isClaim)?.at ?? run.startedAt;
    case "code":
      return run.interruptedAt;
    case "recovery":
      return run.status === "interrupted" ? run.interruptedAt : holder?.worker?.heartbeatAt;
    case "worker":
      return run.dueAt;
    case "cancellation":
      return history.find((event) => event.type === "cancellation.requested")?.at;
    default:
      return main && sinceOfSpan(main);
  }
}

/** Since when an open operation does what it does. */
export function sinceOfSpan({ status, attempts, waits, startedAt }: Span): number {
  return (status === "running" || status === "interrupted" ? attempts.at(-1)?.startedAt : waits.at(-1)?.startedAt) ?? startedAt;
}

function untilOf({ run, now }: Seen, main: OpenOperation | undefined): number | undefined {
  if (isTerminal(run.status)) return undefined;
  const { dueAt = 0 } = run;
  return dueAt > now ? dueAt : main?.dueAt;
}

function isClaim(event: RecordedEvent): boolean {
  return event.type === "workflow.started" || (event.type === "workflow.resumed" && event.reset === undefined);
}

function isLoss(event: RecordedEvent): event is RecordedEvent & WorkerLost {
  return event.type === "workflow.interrupted" && event.reason === "worker_lost";
}

function deadlineOf({ run, history }: Seen): number | undefined {
  if (run.maxDurationMs === undefined || isTerminal(run.status)) return undefined;
  const began = history.findLast((event) => event.type === "workflow.started" || retriesRun(event));
  return began && began.at + run.maxDurationMs;
}

async function whyChild(question: Question, { waitsFor, main }: Pick<RunWhy, "waitsFor" | "main">): Promise<RunWhy | undefined> {
  if (waitsFor !== "child" && waitsFor !== "cancellation") return undefined;
  if (main?.childRunId === undefined || question.depth === depthMax) return undefined;
  const { runId } = await lastOfChain(question.project.backend, main.childRunId);
  return whyOf({ ...question, depth: question.depth + 1 }, runId);
}
