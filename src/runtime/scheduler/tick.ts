import { soon, type Clock } from "../../base/clock.js";
import { BugError } from "../../base/unreachable.js";
import { defaults } from "../../core/defaults.js";
import { StorageError } from "../../core/errors.js";
import { runIdsInOrder, type RandomBytes, type ScheduleId } from "../../core/ids.js";
import { decideDue } from "../../core/schedule/decide.js";
import type { LoadedSchedule, Tick } from "../../core/schedule/schedule.js";
import type { ExecutorNote } from "../../engine/executor.js";
import type { Backend, DueSchedules, ScheduleCommit, ScheduleCommitResult } from "../../storage/backend.js";

/** What a tick is decided with. */
export interface TickParts {
  readonly backend: Pick<Backend, "dueSchedules" | "commitSchedules">;
  readonly clock: Pick<Clock, "now">;
  readonly random: RandomBytes;
  readonly onNote: (note: ExecutorNote) => void;
}

/** A due time, and what was decided about it. */
export interface DecidedTick {
  readonly scheduleId: ScheduleId;
  readonly tick: Tick;
}

export interface Look {
  /** Something was due: there may be more of it. */
  readonly again: boolean;
  /** When the next schedule has to be looked at, in milliseconds since the epoch. */
  readonly nextWakeAt?: number;
}

/** Decides whatever is due, by now and while it works, and returns it in the order in which it was decided. Throws StorageError; what was decided before that stays. */
export async function tickOnce(parts: TickParts): Promise<readonly DecidedTick[]> {
  const all: DecidedTick[] = [];
  const ticker = new Ticker(parts, (decided) => {
    for (const tick of decided) all.push(tick);
  });
  while ((await ticker.look()).again) await othersTurn();
  return all;
}

/** Deciding may go on for long, after a downtime say: this process does other things, too. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    soon(resolve);
  });
}

/** Looks for due schedules and decides what is due of them, a batch at a time. */
export class Ticker {
  readonly #parts: TickParts;
  readonly #onDecided: (decided: readonly DecidedTick[]) => void;
  /** Schedules that can't be decided, by their versions: left alone until somebody changes them. */
  readonly #undecidable = new Map<ScheduleId, number>();

  /** `onDecided` hears what was decided, once it is durable. */
  constructor(parts: TickParts, onDecided: (decided: readonly DecidedTick[]) => void = () => {}) {
    this.#parts = parts;
    this.#onDecided = onDecided;
  }

  /** Decides at most `dueMax` schedules in one transaction. Those that others have changed meanwhile are due again at the next look. Throws StorageError. */
  async look(): Promise<Look> {
    const now = this.#parts.clock.now();
    const { due, nextWakeAt } = await this.#findDue(now, defaults.schedule.dueMax);
    await this.#write(due.flatMap((loaded) => this.#decide(loaded, now)));
    return { again: due.length > 0, ...(nextWakeAt !== undefined && { nextWakeAt }) };
  }

  /** Whether a schedule is due about which something can be decided. */
  async anyDue(): Promise<boolean> {
    return (await this.#findDue(this.#parts.clock.now(), 1)).due.length > 0;
  }

  // Undecidable ones stay due for ever: they must not take the places of others.
  async #findDue(now: number, limit: number): Promise<DueSchedules> {
    const found = await this.#parts.backend.dueSchedules(now, limit + this.#undecidable.size);
    return { ...found, due: found.due.filter(({ schedule }) => this.#undecidable.get(schedule.scheduleId) !== schedule.version) };
  }

  #decide(loaded: LoadedSchedule, now: number): readonly ScheduleCommit[] {
    const { scheduleId, version } = loaded.schedule;
    try {
      const decision = decideDue(loaded, { now, newRunId: runIdsInOrder(now, this.#parts.random) });
      const { wakeAt = Infinity } = decision.state;
      if (decision.ticks.length === 0 && wakeAt <= now) throw new BugError("it is due, and there is nothing to decide about it");
      return [{ scheduleId, now, ...decision }];
    } catch (error) {
      this.#leaveAlone({ scheduleId, version }, error);
      return [];
    }
  }

  async #write(batch: readonly ScheduleCommit[]): Promise<void> {
    if (batch.length === 0) return;
    const results = await this.#commit(batch);
    const accepted = batch.filter((commit, index) => this.#isAccepted(commit, results[index]));
    const decided = accepted.flatMap(({ scheduleId, ticks }) => ticks.map((tick) => ({ scheduleId, tick })));
    if (decided.length > 0) this.#onDecided(decided);
  }

  async #commit(batch: readonly ScheduleCommit[]): Promise<readonly ScheduleCommitResult[]> {
    try {
      return await this.#parts.backend.commitSchedules(batch);
    } catch (error) {
      if (error instanceof StorageError) throw error;
      const [only, ...others] = batch;
      if (others.length > 0) for (const commit of batch) await this.#write([commit]);
      else if (only !== undefined) this.#leaveAlone(only, error);
      return [];
    }
  }

  #isAccepted(commit: ScheduleCommit, result: ScheduleCommitResult | undefined): boolean {
    // I8. The version was the right one, so the same would be decided, and refused, again and again.
    if (result?.accepted === false && result.refused === "tick") this.#leaveAlone(commit, new BugError("one of its ticks is in the ledger already"));
    return result?.accepted === true;
  }

  /** One schedule must not keep the others from their runs. */
  #leaveAlone({ scheduleId, version }: Pick<ScheduleCommit, "scheduleId" | "version">, error: unknown): void {
    this.#undecidable.set(scheduleId, version);
    this.#parts.onNote({ level: "error", message: `the schedule ${scheduleId} is left alone until it changes: it can't be decided`, fields: { error } });
  }
}
