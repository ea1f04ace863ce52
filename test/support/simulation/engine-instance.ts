import { now, shield, sleep, step } from "../../../src/index.js";
import type { Durable, StepArguments, StepCall } from "./body.js";
import { Instance } from "./instance.js";

export type StepBody = (args: StepArguments) => Promise<number> | number;

/** A body on the engine. */
export class EngineInstance extends Instance implements Durable {
  step(call: StepCall): Promise<number> {
    this.askedFor(`step ${call.name}`, [call.args]);
    return durableStep(call)(call.args);
  }

  sleep(duration: string): Promise<void> {
    this.askedFor("sleep", [duration]);
    return sleep(duration);
  }

  shield<T>(fn: () => Promise<T>): Promise<T> {
    return shield(fn);
  }

  nowMs(): number {
    return now().getTime();
  }
}

const defined = new Map<string, (args: StepArguments) => Promise<number>>();

function durableStep({ name, maxRetries, retryDelay }: StepCall): (args: StepArguments) => Promise<number> {
  const key = `${name} ${maxRetries} ${retryDelay}`;
  const known = defined.get(key) ?? step({ name: `simulation.${name}`, maxRetries, retryDelay }, stepBody);
  defined.set(key, known);
  return known;
}

let world: StepBody | undefined;

/** Says what the steps of all programs do: simulations run one after the other. */
export function stepsGoTo(body: StepBody): void {
  world = body;
}

// One function for all steps: a name that is defined again with the same one is no conflict.
function stepBody(args: StepArguments): Promise<number> | number {
  if (world === undefined) throw new TypeError("no simulation runs");
  return world(args);
}
