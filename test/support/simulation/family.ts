import type { RecordedEvent } from "../../../src/core/events/event.js";
import type { HookRecord } from "../../../src/core/hooks.js";
import type { RunId } from "../../../src/core/ids.js";
import { isTerminal, type RunRecord } from "../../../src/core/run.js";
import type { Backend } from "../../../src/storage/backend.js";

/** One run, as its store has it. */
export interface Member {
  readonly run: RunRecord;
  readonly history: readonly RecordedEvent[];
  /** When each of its events was first seen, counted in looks: orders the events of several runs. */
  readonly looks: readonly number[];
}

const all = { limit: 1000 };

/** All runs of a simulation: the first one, its children, and those that go on in their place. */
export class Family {
  readonly members = new Map<RunId, Member>();
  hooks: readonly HookRecord[] = [];
  readonly #store: Backend;
  #look = 0;

  constructor(store: Backend) {
    this.#store = store;
  }

  /** Whoever changes the store looks before anybody hears of it, so that what is checked meanwhile is the present. */
  async look(): Promise<void> {
    this.#look++;
    for (const run of await this.#store.listRuns(all)) {
      const known = this.members.get(run.runId);
      if (known?.run !== run) await this.#lookAt(run, known?.looks ?? []);
    }
    this.hooks = await this.#store.listHooks(all);
  }

  get live(): readonly Member[] {
    return [...this.members.values()].filter(({ run }) => !isTerminal(run.status));
  }

  historyOf(runId: RunId): readonly RecordedEvent[] {
    return this.members.get(runId)?.history ?? [];
  }

  /** When the run ended, in looks; Infinity where it has not. */
  endOf(runId: RunId): number {
    const member = this.members.get(runId);
    return member !== undefined && isTerminal(member.run.status) ? (member.looks.at(-1) ?? 0) : Infinity;
  }

  async #lookAt(run: RunRecord, looks: readonly number[]): Promise<void> {
    const history = await this.#store.readHistory(run.runId, 0);
    const later = Array.from({ length: history.length - looks.length }, () => this.#look);
    this.members.set(run.runId, { run, history, looks: [...looks, ...later] });
  }
}
