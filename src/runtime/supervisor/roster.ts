import { setAlarm } from "../../base/clock.js";
import { deferred } from "../../base/deferred.js";
import type { Company } from "../../core/claim.js";
import type { WorkerId } from "../../core/ids.js";
import type { Child } from "./child.js";
import type { SupervisorParts } from "./parts.js";

export interface RosterListener {
  /** A run of one of the processes has a new outcome. */
  onOutcome(): void;
  /** A process has ended; it stays on the roster until this resolves. */
  onExit(member: Member & { readonly child: Child }): Promise<void>;
  /** A process is off the roster. */
  onGone(): void;
}

/** A process on the roster, from the moment that its start is decided. */
export interface Member {
  readonly workerId: WorkerId;
  readonly company: Company;
  /** 1, 2, 3… within its company; who takes over from another has the same. */
  readonly slot: number;
  /** Processes that were in this slot before. */
  readonly restarts: number;
  readonly startedAt: number;
  /** Whether it is to take over from one that is still there. */
  readonly takesOver: boolean;
  /** Absent while it is being started. */
  child?: Child;
  /** Since when it claims, on the monotonic clock; absent before that. */
  readyAt?: number;
  /** It was told to make room for another, or found to take too long for that. */
  leaving?: "asked" | "overdue";
  /** Resident memory: what it told last, and what it told before its first run. */
  memoryBytes?: number;
  freshBytes?: number;
}

// When the steps' time is up, a process still has to hand its runs over.
export const exitGraceMs = 10_000;

/** The worker processes of one supervisor. */
export class Roster {
  readonly #parts: SupervisorParts;
  readonly #listener: RosterListener;
  readonly #members = new Map<WorkerId, Member>();
  /** How many processes began in each slot. */
  readonly #lives = new Map<string, number>();
  readonly #empty = deferred<void>();
  #stopMs: number | undefined;

  constructor(parts: SupervisorParts, listener: RosterListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  get(workerId: WorkerId): Child | undefined {
    return this.#members.get(workerId)?.child;
  }

  get members(): readonly Member[] {
    return [...this.#members.values()];
  }

  /** How many slots of that company are taken, or about to be: one who takes over and the one before are one. */
  count(company: Company): number {
    return new Set(this.members.filter((member) => member.company === company && member.leaving === undefined).map(({ slot }) => slot)).size;
  }

  of(company: Company): readonly Child[] {
    return this.members.flatMap((member) => (member.company === company && member.child ? [member.child] : []));
  }

  /** Starts a process: in the slot of `before` where that is given, else in the first that is free. */
  async start(company: Company, parentId: WorkerId, before?: Member): Promise<Child> {
    const { launch, begin, newWorkerId, onOutput } = this.#parts;
    const concurrency = company === "alone" ? 1 : begin.concurrency;
    const member = this.#enter(newWorkerId(), company, before);
    try {
      const child = await launch(
        { ...begin, workerId: member.workerId, parentId, company, concurrency },
        { onOutcome: () => this.#listener.onOutcome(), onMemory: (bytes) => noteMemory(member, bytes), ...(onOutput && { onOutput }) },
      );
      this.#begin(member, child);
      return child;
    } catch (error) {
      this.#leave(member);
      throw error;
    }
  }

  /** Has a process make room for one that took its place: it finishes its steps and hands the rest over, or is killed after that time. */
  retire(member: Member): void {
    if (!member.child || member.leaving !== undefined) return;
    const { child } = member;
    const { shutdownTimeoutMs } = this.#parts.settings;
    member.leaving = "asked";
    child.stop(shutdownTimeoutMs);
    const alarm = setAlarm(this.#parts.clock, shutdownTimeoutMs + exitGraceMs, () => {
      member.leaving = "overdue";
      child.kill();
    });
    void child.exited.then(() => alarm.cancel());
  }

  /** Tells every process to stop, those too that are being started. Resolves when none is left. */
  async stop(graceMs: number): Promise<void> {
    this.#stopMs = graceMs;
    for (const { child } of this.members) child?.stop(graceMs);
    this.#letGo();
    await this.#empty.promise;
  }

  kill(): void {
    for (const { child } of this.members) child?.kill();
  }

  #enter(workerId: WorkerId, company: Company, before: Member | undefined): Member {
    const slot = before?.slot ?? this.#freeSlot(company);
    const key = `${company} ${slot}`;
    const restarts = this.#lives.get(key) ?? 0;
    this.#lives.set(key, restarts + 1);
    const member = { workerId, company, slot, restarts, startedAt: this.#parts.clock.now(), takesOver: before !== undefined };
    this.#members.set(workerId, member);
    return member;
  }

  #freeSlot(company: Company): number {
    const taken = new Set(this.members.filter((member) => member.company === company).map(({ slot }) => slot));
    let slot = 1;
    while (taken.has(slot)) slot++;
    return slot;
  }

  #begin(member: Member, child: Child): void {
    member.child = child;
    const begun = () => {
      member.readyAt = this.#parts.clock.monotonic();
    };
    void child.ready.then(begun, () => undefined);
    void this.#watch(Object.assign(member, { child }));
    // The order to stop came while the process was being started.
    if (this.#stopMs !== undefined) child.stop(this.#stopMs);
  }

  async #watch(member: Member & { readonly child: Child }): Promise<void> {
    await member.child.exited;
    await this.#listener.onExit(member);
    this.#leave(member);
    if (this.#stopMs === undefined) this.#listener.onGone();
  }

  #leave({ workerId }: Member): void {
    this.#members.delete(workerId);
    if (this.#stopMs !== undefined) this.#letGo();
  }

  #letGo(): void {
    if (this.#members.size === 0) this.#empty.resolve();
  }
}

function noteMemory(member: Member, bytes: number): void {
  member.memoryBytes = bytes;
  member.freshBytes ??= bytes;
}
