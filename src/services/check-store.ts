import { systemClock } from "../base/clock.js";
import type { OnProgress } from "../base/on-progress.js";
import { pagesOf } from "../base/pages.js";
import { StorageError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import { findingsOf, type Finding } from "../core/invariants.js";
import type { RunId, WorkerId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { undecodableOfHook, undecodableOfRun, undecodableOfSchedule, type ValueFinding } from "../core/stored-values.js";
import { findingsOfSchedule, findingsOfStart, findingsOfTicks, type ScheduleFinding, type TickFacts } from "../core/schedule/invariants.js";
import type { ScheduleRecord, Tick } from "../core/schedule/schedule.js";
import type { Backend, TickFilter } from "../storage/backend.js";
import type { Project } from "./project.js";

export interface StoreCheck {
  /** How many runs and events were looked at. */
  readonly runs: number;
  readonly events: number;
  readonly findings: readonly StoreFinding[];
}

/** `row`: something that is stored can't be read at all. */
export type StoreFinding = Finding | ScheduleFinding | ValueFinding | { readonly invariant: "row"; readonly runId?: RunId; readonly message: string };

type Store = Pick<Project, "backend"> & Partial<Pick<Project, "clock">>;

export interface CheckOptions {
  /** Runs that were looked at, and how many there are. */
  readonly onProgress?: OnProgress;
}

const pageSize = 200;
const looksMax = 3;

/** Checks the invariants on every run and every schedule of a store, and whether their values can be read, page by page; others may go on writing, and pruning, meanwhile. */
export async function checkStore(store: Store, options: CheckOptions = {}): Promise<StoreCheck> {
  const { runs, events, findings } = await checkRuns(store.backend, options);
  return { runs, events, findings: [...findings, ...(await checkSchedules(store))] };
}

async function checkRuns(backend: Backend, { onProgress }: CheckOptions): Promise<StoreCheck> {
  const findings: StoreFinding[] = [];
  const of = Object.values(await backend.countRuns()).reduce((sum, count) => sum + count, 0);
  let [runs, events] = [0, 0];
  for await (const page of pagesOf<RunRecord>(pageSize, (last, limit) => backend.listRuns({ limit, ...(last && { before: last.runId }) }))) {
    for (const run of page) {
      const checked = await checkRun(backend, run);
      events += checked.events;
      findings.push(...checked.findings, ...(await checkStart(backend, run)));
      runs++;
      onProgress?.(runs, of);
    }
  }
  return { runs, events, findings };
}

// Row, history and workers are read one after the other, and a run may move between: what is really wrong stays wrong.
async function checkRun(backend: Backend, listed: RunRecord): Promise<{ readonly events: number; readonly findings: readonly StoreFinding[] }> {
  let run = listed;
  for (let look = 1; ; look++) {
    const history = await readable(() => backend.readHistory(listed.runId, 0));
    if ("trouble" in history) return { events: 0, findings: [{ invariant: "row", runId: run.runId, message: `its history can't be read: ${history.trouble}` }, ...undecodableOfRun(run, [])] };
    const findings = findingsOf(run, history.read, await isAlive(backend, run.workerId));
    if (findings.length === 0 || look === looksMax) return { events: history.read.length, findings: [...findings, ...(await checkValues(backend, run, history.read))] };
    const again = await backend.getRun(run.runId);
    if (again === undefined) return { events: 0, findings: [] }; // pruned meanwhile
    run = again;
  }
}

async function checkValues(backend: Backend, run: RunRecord, history: readonly RecordedEvent[]): Promise<readonly StoreFinding[]> {
  const { runId } = run;
  const findings: StoreFinding[] = [...undecodableOfRun(run, history)];
  const hookIds = new Set(history.flatMap((event) => (event.type === "hook.created" ? [event.operationId] : [])));
  for (const hookId of hookIds) {
    const hook = await readable(() => backend.getHook(runId, hookId));
    if ("trouble" in hook) findings.push({ invariant: "row", runId, message: `${hookId} can't be read: ${hook.trouble}` });
    else if (hook.read) findings.push(...undecodableOfHook(hook.read));
  }
  return findings;
}

type Readable<T> = { readonly read: T } | { readonly trouble: string };

/** What was read, or why it can't be: one broken row is no reason not to look at the others. Rejects where the store as a whole can't be read. */
async function readable<T>(read: () => Promise<T>): Promise<Readable<T>> {
  try {
    return { read: await read() };
  } catch (error) {
    if (error instanceof StorageError || !(error instanceof Error)) throw error;
    return { trouble: error.message };
  }
}

async function isAlive(backend: Backend, workerId: WorkerId | undefined): Promise<boolean> {
  if (workerId === undefined) return true;
  const workers = await backend.listWorkers();
  return workers.some((worker) => worker.workerId === workerId && worker.status !== "dead");
}

// A tick is decided in the moment in which its run is created, and may have been pruned.
async function checkStart(backend: Backend, run: RunRecord): Promise<readonly ScheduleFinding[]> {
  const { schedule, scheduledTime: due } = run;
  if (schedule === undefined || !(await isStartedHere(backend, run))) return [];
  if (due === undefined) return findingsOfStart(run, undefined);
  const [tick] = await backend.listTicks({ ...schedule, dueFrom: due, dueBefore: due + 1, limit: 1 });
  const findings = findingsOfStart(run, tick);
  if (findings.length === 0 || tick !== undefined) return findings;
  const { ticksDecidedBefore = -Infinity } = await backend.pruned();
  return run.createdAt < ticksDecidedBefore ? [] : findings;
}

// One that was imported comes from a schedule elsewhere, which its store did not bring along.
async function isStartedHere(backend: Backend, { schedule, createdAt }: RunRecord): Promise<boolean> {
  const here = schedule && (await backend.getSchedule(schedule.scheduleId));
  return here !== undefined && here.createdAt <= createdAt;
}

async function checkSchedules({ backend, clock = systemClock }: Store): Promise<readonly StoreFinding[]> {
  const findings: StoreFinding[] = [];
  for await (const page of pagesOf<ScheduleRecord>(pageSize, (last, limit) => backend.listSchedules({ limit, ...(last && { before: last.scheduleId }) }))) {
    for (const schedule of page) {
      findings.push(...undecodableOfSchedule(schedule), ...(await checkSchedule({ backend, clock }, schedule)));
      for await (const ticks of ledger(backend, schedule)) findings.push(...findingsOfTicks(schedule, ticks, await factsOf(backend, ticks)));
    }
  }
  return findings;
}

// As with a run: schedule, live runs and ticks are read one after the other.
async function checkSchedule({ backend, clock }: Required<Store>, { scheduleId }: ScheduleRecord): Promise<readonly ScheduleFinding[]> {
  for (let look = 1; ; look++) {
    const loaded = await backend.loadSchedule(scheduleId, "skip");
    if (!loaded) return [];
    const buffered: Tick[] = [];
    for await (const ticks of ledger(backend, { scheduleId, decision: "buffered" })) buffered.push(...ticks);
    const findings = findingsOfSchedule(loaded.schedule, buffered, { live: loaded.live, now: clock.now() });
    if (findings.length === 0 || look === looksMax) return findings;
  }
}

// Newest first, in pages; what is due at one time is never parted.
async function* ledger(backend: Backend, { scheduleId, decision }: Pick<TickFilter, "scheduleId" | "decision">): AsyncGenerator<readonly Tick[]> {
  const filter = { scheduleId, ...(decision && { decision }), limit: pageSize };
  let page = await backend.listTicks(filter);
  for (let last = page.at(-1); last !== undefined && page.length === pageSize; last = page.at(-1)) {
    const { due } = last;
    yield page.filter((tick) => tick.due > due);
    page = await backend.listTicks({ ...filter, dueBefore: due + 1 });
  }
  yield page;
}

async function factsOf(backend: Backend, ticks: readonly Tick[]): Promise<TickFacts> {
  const runs = new Map<RunId, RunRecord>();
  for (const { runId } of ticks) {
    const run = runId && (await backend.getRun(runId));
    if (run) runs.set(run.runId, run);
  }
  return { runs, prunedBefore: (await backend.pruned()).runsCreatedBefore };
}
