import type { ParentClose } from "../../../src/core/events/child.js";
import type { WorkflowDefinition } from "../../../src/engine/definition.js";
import { continueAsNew, hook, now, patched, runChild, shield, sleep, startChild, step, type RunId } from "../../../src/index.js";
import type { Beside, Durable, HookCall, RunInput, StepArguments, StepCall } from "./body.js";
import { Instance } from "./instance.js";

/** What happens outside of the bodies of a simulation. */
export interface Outside {
  enterStep(args: StepArguments): Promise<number> | number;
  /** The `onCreated` of the hook at this site. */
  enterTold(site: string, token: string): Promise<number> | number;
  workflowFor(input: RunInput): WorkflowDefinition<RunInput>;
}

/** A body on the engine. */
export class EngineInstance extends Instance implements Durable {
  readonly runId: RunId;

  constructor(runId: RunId) {
    super();
    this.runId = runId;
  }

  step(call: StepCall): Promise<number> {
    this.askedFor(`step ${call.name}`, [call.args]);
    return durableStep(call)(call.args);
  }

  sleep(duration: string): Promise<void> {
    this.askedFor("sleep", [duration]);
    return sleep(duration);
  }

  hook({ name, timeout, tells, site }: HookCall): Promise<number> {
    this.askedFor(`hook ${name}`, [timeout, tells]);
    return hook(name, {
      ...(timeout !== undefined && { timeout }),
      ...(tells && { onCreated: (token) => outside().enterTold(site, token) }),
    });
  }

  runChild(input: RunInput): Promise<unknown> {
    this.askedFor("runChild", [input]);
    return runChild(outside().workflowFor(input), input);
  }

  async startChild(input: RunInput, parentClose: ParentClose): Promise<Beside> {
    this.askedFor(`startChild ${parentClose}`, [input]);
    const child = await startChild(outside().workflowFor(input), input, { parentClose });
    return {
      result: () => {
        this.askedFor("result", []);
        return child.result();
      },
      status: () => {
        this.askedFor("status", []);
        return child.status();
      },
      cancel: (reason) => {
        this.askedFor("cancel", [reason]);
        return child.cancel(reason);
      },
    };
  }

  continueAsNew(input: RunInput): Promise<never> {
    this.askedFor("continueAsNew", [input.generation]);
    return continueAsNew(input);
  }

  patched(id: string): boolean {
    const answer = patched(id);
    this.askedFor(`patched ${id}`, [answer]);
    return answer;
  }

  shield<T>(fn: () => Promise<T>): Promise<T> {
    return shield(fn);
  }

  nowMs(): number {
    return now().getTime();
  }
}

const defined = new Map<string, (args: StepArguments) => Promise<number>>();

function durableStep({ name, maxRetries, retryDelay, timeout }: StepCall): (args: StepArguments) => Promise<number> {
  const key = `${name} ${maxRetries} ${retryDelay} ${timeout}`;
  const options = { name: `simulation.${name}`, maxRetries, retryDelay, ...(timeout !== undefined && { timeout }) };
  const known = defined.get(key) ?? step(options, stepBody);
  defined.set(key, known);
  return known;
}

let world: Outside | undefined;

/** Says what there is outside of all bodies: simulations run one after the other. */
export function bodiesMeet(next: Outside): void {
  world = next;
}

function outside(): Outside {
  if (world === undefined) throw new TypeError("no simulation runs");
  return world;
}

// One function for all steps: a name that is defined again with the same one is no conflict.
function stepBody(args: StepArguments): Promise<number> | number {
  return outside().enterStep(args);
}
