import { deferred } from "../../base/deferred.js";
import type { Company } from "../../core/claim.js";
import type { WorkerId } from "../../core/ids.js";
import type { Child } from "./child.js";
import type { SupervisorParts } from "./parts.js";

export interface RosterListener {
  /** A run of one of the processes has a new outcome. */
  onOutcome(): void;
  /** A process has ended; it stays on the roster until this resolves. */
  onExit(child: Child): Promise<void>;
  /** A process is off the roster. */
  onGone(): void;
}

/** The worker processes of one supervisor. */
export class Roster {
  readonly #parts: SupervisorParts;
  readonly #listener: RosterListener;
  readonly #children = new Map<WorkerId, Child>();
  readonly #starting: Record<Company, number> = { crowd: 0, alone: 0, any: 0 };
  readonly #empty = deferred<void>();
  #stopMs: number | undefined;

  constructor(parts: SupervisorParts, listener: RosterListener) {
    this.#parts = parts;
    this.#listener = listener;
  }

  get(workerId: WorkerId): Child | undefined {
    return this.#children.get(workerId);
  }

  /** How many processes of that company there are, or are being started. */
  count(company: Company): number {
    return this.of(company).length + this.#starting[company];
  }

  of(company: Company): readonly Child[] {
    return [...this.#children.values()].filter((child) => child.company === company);
  }

  async start(company: Company, parentId: WorkerId): Promise<Child> {
    const { launch, begin, newWorkerId } = this.#parts;
    const concurrency = company === "alone" ? 1 : begin.concurrency;
    this.#starting[company]++;
    try {
      const child = await launch({ ...begin, workerId: newWorkerId(), parentId, company, concurrency }, () => this.#listener.onOutcome());
      this.#enter(child);
      return child;
    } finally {
      this.#starting[company]--;
    }
  }

  #enter(child: Child): void {
    this.#children.set(child.workerId, child);
    void this.#watch(child);
    // The order to stop came while the process was being started.
    if (this.#stopMs !== undefined) child.stop(this.#stopMs);
  }

  /** Tells every process to stop, those too that are being started. Resolves when none is left. */
  async stop(graceMs: number): Promise<void> {
    this.#stopMs = graceMs;
    for (const child of this.#children.values()) child.stop(graceMs);
    this.#letGo();
    await this.#empty.promise;
  }

  kill(): void {
    for (const child of this.#children.values()) child.kill();
  }

  async #watch(child: Child): Promise<void> {
    await child.exited;
    await this.#listener.onExit(child);
    this.#children.delete(child.workerId);
    if (this.#stopMs === undefined) this.#listener.onGone();
    else this.#letGo();
  }

  #letGo(): void {
    if (this.#children.size === 0 && this.#starting.crowd + this.#starting.alone === 0) this.#empty.resolve();
  }
}
