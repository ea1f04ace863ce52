import { formatBytes } from "../../base/bytes.js";
import { counted, plural } from "../../base/plural.js";
import type { ExecutorNote } from "../../engine/executor.js";
import type { Child, Loaded } from "./child.js";
import type { SupervisorParts } from "./parts.js";
import type { Member, Roster } from "./roster.js";

export interface RenewalMeans {
  /** Starts a process in the place of this one, which is still there. */
  start(before: Member): Promise<Child>;
  isAtWork(): boolean;
  /** The code on disk is no longer that of the processes. */
  onCodeChanged(): void;
  /** The first process of the new code claims. */
  onNewCode(loaded: Loaded): Promise<void>;
}

const lifeLeastMs = 1000;
const lifeLeastMaxMs = 3_600_000;
const parkedMax = 1000;

/** Replaces processes by fresh ones, one after the other, without a gap: the old one makes room when the fresh one claims. */
export class Renewal {
  readonly #parts: SupervisorParts;
  readonly #roster: Roster;
  readonly #means: RenewalMeans;
  #underWay: Promise<void> | undefined;
  #isStale = false;
  #hasNewCode = false;
  /** Processes that were replaced for their memory since any run got on. */
  #renewedInARow = 0;
  #saidTooLittle = false;
  #parked = { seen: 0, told: 0 };

  constructor(parts: SupervisorParts, roster: Roster, means: RenewalMeans) {
    this.#parts = parts;
    this.#roster = roster;
    this.#means = means;
  }

  /** Some run has a new outcome. */
  gotOn(): void {
    this.#renewedInARow = 0;
  }

  /** Begins what is needed, and leaves it to itself. `loaded`: the code that the processes run. */
  async look(loaded: Loaded): Promise<void> {
    await this.#lookAtCode(loaded);
    if (this.#hasNewCode) await this.#tellParked(loaded);
    if (this.#underWay || !this.#means.isAtWork()) return;
    const work = this.#isStale ? this.#renewAll() : this.#renewGrown();
    this.#underWay = work.finally(() => {
      this.#underWay = undefined;
    });
  }

  async #lookAtCode({ sources }: Loaded): Promise<void> {
    const changed = (await this.#parts.codeWatch?.changed(sources)) ?? [];
    if (changed.length === 0) return;
    this.#note("info", `${listed(changed)} changed: loading the new code`);
    this.#isStale = true;
    this.#means.onCodeChanged();
  }

  async #renewAll(): Promise<void> {
    const stale = this.#replaceable();
    if (stale.length === 0) return; // those that are being started come first
    this.#isStale = false;
    for (const [index, member] of stale.entries()) {
      if (!this.#means.isAtWork()) return;
      try {
        const loaded = await this.#replace(member);
        if (index === 0) await this.#takeUp(loaded);
      } catch (error) {
        // What was stopped has not failed.
        if (this.#means.isAtWork()) this.#note("error", "the new code can't run: the old one stays at work", { error });
        return;
      }
    }
    this.#note("info", `${stale.length === 1 ? "the worker process runs" : `${stale.length} worker processes run`} the new code`);
  }

  async #takeUp(loaded: Loaded): Promise<void> {
    this.#hasNewCode = true;
    this.#saidTooLittle = false;
    this.#parked = { seen: 0, told: 0 };
    await this.#means.onNewCode(loaded);
    // Others are started for runs that must be alone, with the new code.
    for (const member of this.#roster.members) if (member.company === "alone" && member.readyAt !== undefined) this.#roster.retire(member);
  }

  async #renewGrown(): Promise<void> {
    const { maxMemoryBytes: max = Infinity } = this.#parts.settings;
    const grown = this.#replaceable().filter(({ memoryBytes = 0 }) => memoryBytes > max);
    const hopeless = grown.find(({ freshBytes = 0 }) => freshBytes > max);
    if (hopeless) return this.#sayTooLittle(hopeless, max);
    const member = grown.find((candidate) => this.#hasLivedEnough(candidate));
    if (!member) return;
    this.#note("info", `worker process ${member.child?.pid} uses ${formatBytes(member.memoryBytes ?? 0)}, more than ${formatBytes(max)}: a fresh one takes its place`);
    this.#renewedInARow++;
    try {
      await this.#replace(member);
    } catch (error) {
      if (this.#means.isAtWork()) this.#note("warn", "a fresh worker process can't begin: the old one stays at work", { error });
    }
  }

  // A step that needs more than the limit would otherwise be begun again and again, and never get the time to end.
  #hasLivedEnough({ readyAt = 0 }: Member): boolean {
    const leastMs = this.#renewedInARow === 0 ? 0 : Math.min(lifeLeastMs * 2 ** this.#renewedInARow, lifeLeastMaxMs);
    return this.#parts.clock.monotonic() - readyAt >= leastMs;
  }

  #sayTooLittle({ freshBytes = 0 }: Member, max: number): void {
    if (this.#saidTooLittle) return;
    this.#saidTooLittle = true;
    this.#note("warn", `a worker process uses ${formatBytes(freshBytes)} before its first run, more than ${formatBytes(max)}: none is replaced for that; allow more`);
  }

  async #replace(member: Member): Promise<Loaded> {
    const fresh = await this.#means.start(member);
    const loaded = await fresh.ready;
    this.#roster.retire(member);
    return loaded;
  }

  #replaceable(): readonly Member[] {
    return this.#roster.members.filter(({ company, leaving, readyAt }) => company === "crowd" && leaving === undefined && readyAt !== undefined);
  }

  async #tellParked({ version }: Loaded): Promise<void> {
    const interrupted = await this.#parts.backend.listRuns({ statuses: ["interrupted"], limit: parkedMax });
    const count = interrupted.filter(({ parked }) => parked?.version === version).length;
    const standsStill = count === this.#parked.seen;
    this.#parked = { ...this.#parked, seen: count };
    if (!standsStill || count <= this.#parked.told) return;
    this.#parked = { seen: count, told: count };
    const what = `${counted(count, "run does", "runs do")} not fit the new code and ${plural(count, "is", "are")} parked`;
    this.#note("warn", `${what}: pyworkflow runs replay --all says where`);
  }

  #note(level: ExecutorNote["level"], message: string, fields?: ExecutorNote["fields"]): void {
    this.#parts.onNote({ level, message, ...(fields && { fields }) });
  }
}

const listedMax = 3;

function listed(names: readonly string[]): string {
  const more = names.length - listedMax;
  return more > 0 ? `${names.slice(0, listedMax).join(", ")} and ${more} more` : names.join(", ");
}
