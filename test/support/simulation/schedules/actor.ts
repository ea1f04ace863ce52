import { deferred } from "../../../../src/base/deferred.js";
import type { Backend, DueSchedules, ScheduleCommit, ScheduleCommitResult } from "../../../../src/storage/backend.js";

/** What an actor wants of the store, and waits for. */
export type Held = HeldCommit | HeldRead;

interface HeldCommit {
  readonly kind: "commit";
  readonly batch: readonly ScheduleCommit[];
  carryOut(): Promise<readonly ScheduleCommitResult[]>;
  answer(results: readonly ScheduleCommitResult[]): void;
  fail(error: Error): void;
}

/** The second half of a reading that is none: the live runs were read before. */
interface HeldRead {
  readonly kind: "read";
  finish(): Promise<void>;
}

/** Somebody who decides about schedules: a scheduler, or a hand. What it commits waits until the driver carries it out, or forgets it. */
export class Actor {
  readonly backend: Backend;
  /** Set while it waits for the driver. */
  held: Held | undefined;
  /** It is dead: nothing of it moves any more. */
  isGone = false;
  error: unknown;
  #isBusy = false;
  #moved = deferred<void>();

  constructor(store: Backend, { readsRunsFirst = false } = {}) {
    this.backend = {
      ...store,
      commitSchedules: (batch) => this.#holdCommit(store, batch),
      ...(readsRunsFirst && { dueSchedules: (now, limit) => this.#readInTwo(store, { now, limit }) }),
    };
  }

  get isIdle(): boolean {
    return !this.isGone && !this.#isBusy;
  }

  /** Resolves when it waits for the driver, or is done. */
  async begin(act: () => Promise<unknown>): Promise<void> {
    this.#isBusy = true;
    void this.#act(act);
    await this.#rest();
  }

  /** Lets it go on, as far as it gets. */
  async goOn(): Promise<readonly ScheduleCommitResult[]> {
    const { held } = this;
    this.held = undefined;
    if (held?.kind === "read") await held.finish();
    const results = held?.kind === "commit" ? await held.carryOut() : [];
    if (held?.kind === "commit") held.answer(results);
    await this.#rest();
    return results;
  }

  /** The store refuses what it wants: nothing was written. */
  async fail(error: Error): Promise<void> {
    const { held } = this;
    this.held = undefined;
    if (held?.kind === "commit") held.fail(error);
    if (held?.kind === "read") await held.finish();
    await this.#rest();
  }

  /** It is killed; what it wanted is done, or not. */
  async crash(when: "before" | "after"): Promise<readonly ScheduleCommitResult[]> {
    const { held } = this;
    this.isGone = true;
    this.held = undefined;
    return when === "after" && held?.kind === "commit" ? held.carryOut() : [];
  }

  async #act(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.error = error;
    }
    this.#isBusy = false;
    this.#moved.resolve();
  }

  async #rest(): Promise<void> {
    if (this.held === undefined && this.#isBusy) await this.#moved.promise;
    this.#moved = deferred();
  }

  #hold(held: Held): void {
    this.held = held;
    this.#moved.resolve();
  }

  #holdCommit(store: Backend, batch: readonly ScheduleCommit[]): Promise<readonly ScheduleCommitResult[]> {
    return new Promise((answer, fail) => {
      this.#hold({ kind: "commit", batch, carryOut: () => store.commitSchedules(batch), answer, fail });
    });
  }

  async #readInTwo(store: Backend, { now, limit }: { readonly now: number; readonly limit: number }): Promise<DueSchedules> {
    const first = await store.dueSchedules(now, limit);
    return new Promise((answer) => {
      this.#hold({ kind: "read", finish: async () => answer({ ...first, due: await Promise.all(first.due.map(async (loaded) => ({ ...loaded, schedule: (await store.getSchedule(loaded.schedule.scheduleId)) ?? loaded.schedule }))) }) });
    });
  }
}
