import { pause, soon, type Clock } from "../base/clock.js";
import { defaults } from "../core/defaults.js";
import { StorageError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import type { RunId } from "../core/ids.js";
import type { Backend, CommitResult, RunCommit } from "../storage/backend.js";

/** A run that has something to write. */
export interface CommitMember {
  readonly runId: RunId;
  take(): RunCommit | undefined;
  onResult(result: CommitResult): void;
  /** The commit may or may not have happened: `newer` is what the log has above what it had seen. */
  resultFrom(newer: readonly RecordedEvent[]): CommitResult;
}

export interface GroupCommitOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly onTrouble: (error: Error) => void;
  readonly onBack: () => void;
}

const retryMsMin = 100;
const retryMsMax = 5000;

/**
 * One transaction for all events that became ready in the same turn of the event loop, of all runs of this process. One
 * batch is under way at a time; what becomes ready meanwhile goes into the next one.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting = new Set<CommitMember>();
  #scheduled = false;
  #flushing = false;
  #closed = false;
  #troubled = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The member has something to write. It is asked for it when the batch is made, so what comes until then rides along. */
  request(member: CommitMember): void {
    this.#waiting.add(member);
    if (this.#scheduled || this.#flushing || this.#closed) return;
    this.#scheduled = true;
    soon(() => void this.#flush());
  }

  /** Nothing is written any more, not even what waits to be tried again. */
  close(): void {
    this.#closed = true;
  }

  async #flush(): Promise<void> {
    this.#scheduled = false;
    this.#flushing = true;
    const batch = this.#takeBatch();
    if (batch.length > 0 && !this.#closed) await this.#write(batch);
    this.#flushing = false;
    const [next] = this.#waiting;
    if (next !== undefined) this.request(next);
  }

  #takeBatch(): { readonly member: CommitMember; readonly commit: RunCommit }[] {
    const batch: { member: CommitMember; commit: RunCommit }[] = [];
    let events = 0;
    let bytes = 0;
    for (const member of this.#waiting) {
      // A commit that is larger than a batch still goes through, alone.
      if (events >= defaults.engine.batchEventsMax || bytes >= defaults.engine.batchBytesMax) break;
      this.#waiting.delete(member);
      const commit = member.take();
      if (commit === undefined) continue;
      batch.push({ member, commit });
      events += commit.events.length;
      bytes += commit.events.reduce((sum, event) => sum + ("value" in event ? event.value.length : 0), 0);
      for (const { input } of commit.create ?? []) bytes += input.length;
    }
    return batch;
  }

  async #write(batch: readonly { readonly member: CommitMember; readonly commit: RunCommit }[]): Promise<void> {
    for (let waitMs = retryMsMin; !this.#closed; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      try {
        const results = await this.#options.backend.commit(batch.map(({ commit }) => commit));
        this.#calm();
        // Nothing of this worker may move any more once it was dropped.
        if (!this.#closed) results.forEach((result, index) => batch[index]?.member.onResult(result));
        return;
      } catch (error) {
        if (this.#asFailure(error).outcome === "unknown") return this.#readAgain(batch);
        await pause(this.#options.clock, waitMs);
      }
    }
  }

  // The store answered neither yes nor no. Trying again blindly would write twice: the log itself is asked.
  async #readAgain(batch: readonly { readonly member: CommitMember; readonly commit: RunCommit }[]): Promise<void> {
    for (const { member, commit } of batch) {
      const newer = await this.read(commit.runId, commit.seen);
      if (newer === undefined) return;
      member.onResult(member.resultFrom(newer));
    }
  }

  /** A run's events above `after`; undefined once this is closed. */
  read(runId: RunId, after: number): Promise<readonly RecordedEvent[] | undefined> {
    return this.ask((backend) => backend.readHistory(runId, after));
  }

  /** What the store answers, asked again until it does; undefined once this is closed. */
  async ask<T>(question: (backend: Backend) => Promise<T>): Promise<T | undefined> {
    for (let waitMs = retryMsMin; !this.#closed; waitMs = Math.min(waitMs * 2, retryMsMax)) {
      try {
        const answer = await question(this.#options.backend);
        this.#calm();
        return answer;
      } catch (error) {
        this.#asFailure(error);
        await pause(this.#options.clock, waitMs);
      }
    }
    return undefined;
  }

  #asFailure(error: unknown): StorageError {
    if (!(error instanceof StorageError)) throw error;
    this.#troubled = true;
    this.#options.onTrouble(error);
    return error;
  }

  #calm(): void {
    if (!this.#troubled) return;
    this.#troubled = false;
    this.#options.onBack();
  }
}
