import { didYouMean, nearest } from "../base/nearest.js";
import { HookAlreadyReceivedError, HookDisposedError, HookExpiredError, InvalidDefinitionError } from "../core/errors.js";
import type { WorkflowEvent } from "../core/events/event.js";
import { tokenOf, type RunId } from "../core/ids.js";
import type { StepDefinition } from "../engine/definition.js";
import { registeredHook, registeredSteps } from "../engine/registry.js";
import type { Backend } from "../storage/backend.js";

/** Functions that are called in the place of steps, by the steps' names. */
export type StepStandIns = Readonly<Record<string, (...args: never[]) => unknown>>;

/** Payloads that hooks get by themselves, by the hooks' names; or what makes one of the token. */
export type HookStandIns = Readonly<Record<string, unknown>>;

/** Gives a step its stand-in, where it has one; its options stay. Throws InvalidDefinitionError for a step that was not defined. */
export function stepsWith(standIns: StepStandIns): (definition: StepDefinition) => StepDefinition {
  const known = registeredSteps();
  for (const name of Object.keys(standIns)) if (!known.includes(name)) throw unused("step", name, known);
  return (definition) => {
    const run = Object.hasOwn(standIns, definition.name) ? standIns[definition.name] : undefined;
    return run === undefined ? definition : { ...definition, run };
  };
}

/** The engine whose hooks are answered. */
export interface Answering {
  /** Resolves when nothing moves any more. */
  settled(): Promise<void>;
  resume(token: string, payload: unknown): Promise<unknown>;
}

/** Resumes hooks in the place of people. */
export class HookAnswers {
  readonly #standIns: HookStandIns;
  readonly #engine: Answering;
  readonly #created = new Set<string>();
  readonly #failures: unknown[] = [];
  #underWay = 0;

  constructor(standIns: HookStandIns, engine: Answering) {
    this.#standIns = standIns;
    this.#engine = engine;
  }

  /** Whether a hook is about to be resumed. */
  get busy(): boolean {
    return this.#underWay > 0;
  }

  /** The store, with an eye on the hooks that are created in it. */
  watch(store: Backend): Backend {
    return {
      ...store,
      commit: async (batch) => {
        const results = await store.commit(batch);
        for (const [place, { runId, events }] of batch.entries()) if (results[place]?.accepted) this.#answerAll(runId, events);
        return results;
      },
    };
  }

  /** Throws what a stand-in threw, or why the hook did not take its payload. */
  check(): void {
    if (this.#failures.length > 0) throw this.#failures.shift();
  }

  /** Throws InvalidDefinitionError where a stand-in is of no hook that was defined or came up. */
  checkUse(): void {
    for (const name of Object.keys(this.#standIns)) {
      if (!this.#created.has(name) && registeredHook(name) === undefined) throw unused("hook", name, [...this.#created]);
    }
  }

  #answerAll(runId: RunId, events: readonly WorkflowEvent[]): void {
    for (const event of events) {
      if (event.type !== "hook.created") continue;
      this.#created.add(event.name);
      if (Object.hasOwn(this.#standIns, event.name)) void this.#answer(tokenOf(runId, event.operationId), this.#standIns[event.name]);
    }
  }

  async #answer(token: string, standIn: unknown): Promise<void> {
    this.#underWay++;
    try {
      // Whoever is to be told of the hook is told first.
      await this.#engine.settled();
      await this.#engine.resume(token, isMaker(standIn) ? await standIn(token) : standIn);
    } catch (error) {
      if (!isTooLate(error)) this.#failures.push(error);
    } finally {
      this.#underWay--;
    }
  }
}

function isMaker(standIn: unknown): standIn is (token: string) => unknown {
  return typeof standIn === "function";
}

// The run has gone on without it, or the test was quicker.
function isTooLate(error: unknown): boolean {
  return error instanceof HookAlreadyReceivedError || error instanceof HookDisposedError || error instanceof HookExpiredError;
}

function unused(kind: "step" | "hook", name: string, known: readonly string[]): InvalidDefinitionError {
  const meant = nearest(name, known);
  const hint = didYouMean(meant, `known are ${known.join(", ") || "none"}`);
  return new InvalidDefinitionError(`openTestEngine has a stand-in for the ${kind} ${name}, and there is no such ${kind}`, hint);
}
