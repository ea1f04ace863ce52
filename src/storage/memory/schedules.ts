import { defaults } from "../../core/defaults.js";
import type { ScheduleId } from "../../core/ids.js";
import type { NewRun } from "../../core/run.js";
import { mayReplace, type NewSchedule, type ScheduleRecord, type ScheduleState, type Tick } from "../../core/schedule/schedule.js";
import { stateOf } from "../../core/schedule/state.js";
import type { ScheduleCommit, ScheduleFilter, TickFilter } from "../backend.js";
import type { PrunedSoFar, PruneTicksRequest } from "../upkeep.js";

interface StoredSchedule {
  record: ScheduleRecord;
  readonly ledger: Map<string, Tick>;
  /** Those of the ledger that wait, in the order in which they came. */
  readonly buffered: Map<string, Tick>;
}

/** The schedules of a store, with their ledgers. Of runs they know what they are told. */
export class Schedules {
  readonly #schedules = new Map<ScheduleId, StoredSchedule>();
  readonly #wake: () => void;
  #pruned: Pick<PrunedSoFar, "ticks" | "ticksDecidedBefore"> = { ticks: 0 };

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  create(schedule: NewSchedule & ScheduleState): boolean {
    if (this.#schedules.has(schedule.scheduleId)) return false;
    this.#schedules.set(schedule.scheduleId, { record: { ...schedule, version: 1 }, ledger: new Map(), buffered: new Map() });
    if (schedule.wakeAt !== undefined) this.#wake();
    return true;
  }

  get(scheduleId: ScheduleId): ScheduleRecord | undefined {
    return this.#schedules.get(scheduleId)?.record;
  }

  list({ workflowName, statuses, before, limit }: ScheduleFilter): readonly ScheduleRecord[] {
    const schedules = this.#newestFirst();
    const cursor = schedules.findIndex(({ scheduleId }) => scheduleId === before);
    if (before !== undefined && cursor < 0) return [];
    return schedules
      .slice(cursor + 1)
      .filter(({ status, settings }) => (statuses ?? [status]).includes(status) && (workflowName ?? settings.workflowName) === settings.workflowName)
      .slice(0, limit);
  }

  findIds(prefix: string, limit: number): readonly ScheduleId[] {
    const ids = this.#newestFirst().map(({ scheduleId }) => scheduleId);
    return ids.filter((scheduleId) => scheduleId.startsWith(prefix)).slice(0, limit);
  }

  /** Those that a scheduler has to look at, now or later, the most urgent first. */
  waking(): readonly ScheduleRecord[] {
    const records = [...this.#schedules.values()].map(({ record }) => record).filter(({ status, wakeAt }) => status === "active" && wakeAt !== undefined);
    return records.toSorted(({ wakeAt: a = 0 }, { wakeAt: b = 0 }) => a - b);
  }

  buffered(scheduleId: ScheduleId): readonly Tick[] {
    return [...(this.#schedules.get(scheduleId)?.buffered.values() ?? [])].slice(0, defaults.schedule.ticksMax);
  }

  listTicks(filter: TickFilter): readonly Tick[] {
    const ticks = [...(this.#schedules.get(filter.scheduleId)?.ledger.values() ?? [])];
    return ticks
      .filter((tick) => fits(tick, filter))
      .toSorted((a, b) => b.due - a.due || (a.kind < b.kind ? 1 : -1))
      .slice(0, filter.limit);
  }

  get pruned(): Pick<PrunedSoFar, "ticks" | "ticksDecidedBefore"> {
    return this.#pruned;
  }

  get counts(): { readonly schedules: number; readonly ticks: number } {
    const ledgers = [...this.#schedules.values()].map(({ ledger }) => ledger.size);
    return { schedules: ledgers.length, ticks: ledgers.reduce((sum, size) => sum + size, 0) };
  }

  pruneTicks({ decidedBefore, limit }: PruneTicksRequest): number {
    const rows = [...this.#schedules.values()].flatMap(({ record, ledger }) => [...ledger.values()].map((tick) => ({ record, ledger, tick })));
    const prunable = rows.filter(({ record, tick }) => tick.decidedAt < decidedBefore && isSettled(tick, record)).toSorted((a, b) => a.tick.decidedAt - b.tick.decidedAt);
    const gone = prunable.slice(0, limit);
    for (const { ledger, tick } of gone) {
      ledger.delete(keyOf(tick));
      const { ticks, ticksDecidedBefore = 0 } = this.#pruned;
      this.#pruned = { ticks: ticks + 1, ticksDecidedBefore: Math.max(ticksDecidedBefore, tick.decidedAt + 1) };
    }
    return gone.length;
  }

  /** Why a decision must not be written; undefined where it may (I8). */
  refusalOf({ scheduleId, version, ticks }: ScheduleCommit): "version" | "tick" | undefined {
    const stored = this.#schedules.get(scheduleId);
    if (stored?.record.version !== version) return "version";
    const entered = new Map<string, Tick>();
    const isTaken = ticks.some((tick) => {
      const before = entered.get(keyOf(tick)) ?? stored.ledger.get(keyOf(tick));
      entered.set(keyOf(tick), tick);
      return before !== undefined && !mayReplace(before, tick);
    });
    return isTaken ? "tick" : undefined;
  }

  /** Writes what is not refused: the state, and the ticks. */
  write({ scheduleId, definition, state, ticks }: ScheduleCommit): void {
    const stored = this.#schedules.get(scheduleId);
    if (stored === undefined) return;
    const { createdAt, declared } = stored.record;
    const defined = definition === undefined ? stored.record : { ...(declared !== undefined && { declared }), ...definition };
    this.#change(stored, { ...defined, scheduleId, createdAt, ...stateOf(state) });
    for (const tick of ticks) enter(stored, tick);
  }

  /** A run has ended, or was taken up again: what that makes of its schedule, where it has one. */
  fold({ schedule }: Pick<NewRun, "schedule">, next: (state: ScheduleState) => ScheduleState): void {
    const stored = schedule && this.#schedules.get(schedule.scheduleId);
    if (stored) this.#change(stored, { ...stored.record, ...stateOf(next(stored.record)) });
  }

  #change(stored: StoredSchedule, record: Omit<ScheduleRecord, "version">): void {
    const { version, wakeAt = Infinity } = stored.record;
    stored.record = { ...record, version: version + 1 };
    if (record.wakeAt !== undefined && record.wakeAt < wakeAt) this.#wake();
  }

  #newestFirst(): readonly ScheduleRecord[] {
    const records = [...this.#schedules.values()].map(({ record }) => record);
    return records.toReversed().toSorted((a, b) => b.createdAt - a.createdAt);
  }
}

// Also without its row the due time is not decided a second time (I8).
function isSettled({ kind, due, decision, runId }: Tick, { decidedUpTo = -Infinity }: ScheduleRecord): boolean {
  if (decision === "buffered") return false;
  return kind === "schedule" ? due <= decidedUpTo : kind === "trigger" || runId === undefined;
}

// A row that takes the place of another one goes to the end of the line: what is buffered now came now.
function enter({ ledger, buffered }: StoredSchedule, tick: Tick): void {
  const key = keyOf(tick);
  ledger.set(key, tick);
  buffered.delete(key);
  if (tick.decision === "buffered") buffered.set(key, tick);
}

function keyOf({ kind, due }: Tick): string {
  return `${kind} ${due}`;
}

function fits({ kind, due, decision }: Tick, filter: TickFilter): boolean {
  const { dueFrom = -Infinity, dueBefore = Infinity } = filter;
  return dueFrom <= due && due < dueBefore && (filter.kind ?? kind) === kind && (filter.decision ?? decision) === decision;
}
