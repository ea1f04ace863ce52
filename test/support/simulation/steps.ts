import { decode } from "../../../src/base/codec.js";
import { isOutcome, type RecordedEvent } from "../../../src/core/events/event.js";
import type { StepFailed } from "../../../src/core/events/step.js";
import { FatalError, stepContext, StepTimeoutError, type RunId, type StepContext } from "../../../src/index.js";
import type { StepArguments } from "./body.js";
import { hashOf, type Chance } from "./chance.js";

/** A step body that is under way. */
export interface RunningStep {
  readonly context: StepContext;
  /** It ends only when it is told to. */
  readonly hangs: boolean;
  finish(): void;
}

export interface StepsOptions {
  readonly seed: number;
  readonly chance: Chance;
  /** Whether a step gives the same value each time it is tried. */
  readonly constant: boolean;
  /** Whether some of them never end unless their signal aborts. */
  readonly hang: boolean;
  history(runId: RunId): readonly RecordedEvent[];
}

/** How often the step at this site fails before it gives a value. */
export function plannedFailures(seed: number, site: string): number {
  const draw = hashOf("plan", seed, site) % 10;
  if (site.endsWith("!") || draw < 6) return 0;
  return draw < 8 ? 1 : draw === 8 ? 2 : Infinity;
}

/** Whether its first failure at this site says that trying again is no use. */
export function failsForGood(seed: number, site: string): boolean {
  return plannedFailures(seed, site) === Infinity && hashOf(site) % 2 === 0;
}

/** The steps of one simulation: they fail as planned and take as long as the driver likes. */
export class Steps {
  readonly running: RunningStep[] = [];
  readonly #options: StepsOptions;
  /** Failures by claim and operation: what the log had when the claim first tried it, and those since. */
  readonly #failures = new Map<string, number>();

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  /** Those that can end now. */
  get ending(): readonly RunningStep[] {
    return this.running.filter(({ hangs, context }) => !hangs || context.signal.aborted);
  }

  enter(args: StepArguments): Promise<number> | number {
    const context = stepContext();
    const { seed, chance, hang } = this.#options;
    const hangs = hang && !isShielded(args.site) && hashOf("hang", seed, args.site) % 4 === 0;
    if (!hangs && chance.happens(0.2)) return this.#outcome(context, args);
    return new Promise((resolve, reject) => {
      const step: RunningStep = {
        context,
        hangs,
        finish: () => {
          this.running.splice(this.running.indexOf(step), 1);
          try {
            resolve(this.#outcome(context, args));
          } catch (error) {
            reject(error instanceof Error ? error : new TypeError(String(error)));
          }
        },
      };
      this.running.push(step);
    });
  }

  #outcome({ runId, epoch, stepId, signal }: StepContext, { site, items }: StepArguments): number {
    const { seed, chance, constant } = this.#options;
    // After its timeout nobody hears of it, and it must not be counted.
    if (signal.aborted && (signal.reason instanceof StepTimeoutError || chance.happens(0.7))) throw signal.reason;
    // Arguments are the attempt's own: the next one must not see this.
    items.push(77);
    const key = `${runId} ${epoch} ${stepId}`;
    const failures = this.#failures.get(key) ?? this.#recordedFailures(runId, stepId);
    const planned = plannedFailures(seed, site);
    this.#failures.set(key, failures + (failures < planned ? 1 : 0));
    if (failures >= planned) return constant ? hashOf(site) % 100 : chance.below(100);
    if (failsForGood(seed, site)) throw new FatalError(`${site} is broken for good`);
    throw new RangeError(`${site} failed`);
  }

  #recordedFailures(runId: RunId, stepId: string): number {
    return this.#options.history(runId).filter((event) => event.type === "step.failed" && event.operationId === stepId && !isTimeout(event)).length;
  }
}

// A signal that would abort it never comes: clean-up, and what stands in a shield.
function isShielded(site: string): boolean {
  return site.endsWith("!") || site.split(/[.>?]/).includes("s");
}

/** Whether the attempt failed because it took too long, which is not planned. */
export function isTimeout({ value }: StepFailed): boolean {
  return decode(value) instanceof StepTimeoutError;
}

/** What must hold when a step begins: it has no outcome, and its arguments are as they were at the call. */
export function faultsOfStart(context: StepContext, args: unknown, history: readonly RecordedEvent[]): readonly string[] {
  const own = history.filter((event) => "operationId" in event && event.operationId === context.stepId);
  const faults: string[] = [];
  if (own.some(isOutcome)) faults.push(`${context.stepId} ran after its recorded outcome`);
  const started = own.find((event) => event.type === "step.started");
  if (started && JSON.stringify(decode(started.value)) !== JSON.stringify([args])) faults.push(`${context.stepId} got other arguments than recorded`);
  return faults;
}
