import type { ParentClose } from "../../../src/core/events/child.js";
import { isOrderFree, type ChildPart, type Delay, type HookPart, type Plan, type Program, type StepName, type StepPart } from "./programs.js";

/** What a run takes. */
export interface RunInput {
  readonly plan: Plan;
  /** Where in the program of the whole family the run stands. */
  readonly site: string;
  /** How often the run has continued as new. */
  readonly generation: number;
}

export interface StepCall {
  readonly name: StepName;
  readonly maxRetries: number;
  readonly retryDelay: Delay;
  readonly timeout: "1s" | undefined;
  readonly args: StepArguments;
}

export interface StepArguments {
  /** Where in the program the call stands: no two calls of one run share it. */
  readonly site: string;
  readonly items: number[];
  /** As the step is defined: for the checks, which see only the log. */
  readonly maxRetries: number;
}

export interface HookCall extends Pick<HookPart, "name" | "timeout" | "tells"> {
  readonly site: string;
}

/** A child that runs beside, as the body holds it. */
export interface Beside {
  result(): Promise<unknown>;
  status(): Promise<string>;
  cancel(reason: string): Promise<void>;
}

/** What a body calls: the engine's functions, or those of the reference interpreter. */
export interface Durable {
  step(call: StepCall): Promise<number>;
  sleep(duration: string): Promise<void>;
  hook(call: HookCall): Promise<number>;
  runChild(input: RunInput): Promise<unknown>;
  startChild(input: RunInput, parentClose: ParentClose): Promise<Beside>;
  continueAsNew(input: RunInput): Promise<never>;
  patched(id: string): boolean;
  shield<T>(fn: () => Promise<T>): Promise<T>;
  nowMs(): number;
  /** What the body has seen, in order. */
  note(line: string): void;
}

/** The plan as a workflow's function. Where order decides the result, all that was seen is part of it. */
export async function execute(input: RunInput, durable: Durable): Promise<unknown> {
  const interpreter = new Interpreter(input, durable);
  const value = await interpreter.run(input.plan.program, { site: input.site, alone: true });
  return isOrderFree(input.plan) ? value : { value, seen: interpreter.seen };
}

interface Place {
  readonly site: string;
  /** No other branch runs beside it, so whoever waits for the run waits for it. */
  readonly alone: boolean;
}

class Interpreter {
  readonly seen: string[] = [];
  readonly #input: RunInput;
  readonly #durable: Durable;
  #last = 0;

  constructor(input: RunInput, durable: Durable) {
    this.#input = input;
    this.#durable = durable;
  }

  async run(program: Program, place: Place): Promise<unknown> {
    switch (program.kind) {
      case "step":
        return this.#step(program, place.site);
      case "sleep":
        await this.#durable.sleep(program.duration);
        this.#note(`${place.site} slept`);
        return 0;
      case "ticks":
        for (let tick = 0; tick < program.count; tick++) await Promise.resolve();
        return 0;
      case "now":
        this.#note(`${place.site} at ${this.#durable.nowMs()}`);
        return 0;
      case "hook":
        return this.#hook(program, place.site);
      case "child":
        return this.#child(program, place.site);
      case "continue":
        if (this.#input.generation < program.until) await this.#durable.continueAsNew({ ...this.#input, generation: this.#input.generation + 1 });
        return this.#input.generation;
      case "branches":
        return Promise.all(Array.from({ length: program.width }, (_, branch) => this.#loop(program, branch, place.site)));
      case "unawaited":
        this.#runBeside(program.part, place.site);
        return 0;
      case "shield":
        return this.#durable.shield(() => this.run(program.part, below(place, "s")));
      case "patched":
        return this.#patched(program, place);
      case "if":
        return (await this.#step(program.test, `${place.site}?`)) % 2 === 1
          ? this.run(program.yes, below(place, "y"))
          : this.run(program.no, below(place, "n"));
      case "try":
        return this.#try(program, place);
      case "sequence":
        return this.#sequence(program.parts, place);
      default:
        return this.#combine(program.kind, program.parts, place.site);
    }
  }

  async #step({ flow, mutate, ...options }: StepPart, site: string): Promise<number> {
    const args = { site, items: flow ? [this.#last] : [], maxRetries: options.maxRetries };
    const outcome = this.#durable.step({ ...options, args });
    if (mutate) args.items.push(99);
    const value = await outcome;
    this.#last = value;
    this.#note(`${site} gave ${value}`);
    return value;
  }

  async #hook({ name, timeout, tells }: HookPart, site: string): Promise<number> {
    const payload = await this.#durable.hook({ name, timeout, tells, site });
    this.#last = payload;
    this.#note(`${site} received ${payload}`);
    return payload;
  }

  async #child({ use, parentClose, plan }: ChildPart, site: string): Promise<unknown> {
    const input = { plan, site: `${site}>`, generation: 0 };
    const value = use === "run" ? await this.#durable.runChild(input) : await this.#use(await this.#startChild(input, parentClose), use);
    this.#note(`${site} gave ${JSON.stringify(value)}`);
    return value;
  }

  async #startChild(input: RunInput, parentClose: ParentClose): Promise<Beside> {
    const child = await this.#durable.startChild(input, parentClose);
    this.#note(`${input.site} started`);
    return child;
  }

  async #use(child: Beside, use: ChildPart["use"]): Promise<unknown> {
    switch (use) {
      case "leave":
        return 0;
      case "shielded":
        return this.#durable.shield(() => child.result());
      case "cancel":
        await child.cancel("enough");
        break;
      case "status":
        this.#note(await child.status());
        break;
      default:
        break;
    }
    return child.result();
  }

  #patched({ id, part }: Extract<Program, { kind: "patched" }>, place: Place): Promise<unknown> | number {
    return this.#durable.patched(id) ? this.run(part, below(place, "p")) : 0;
  }

  async #sequence(parts: readonly Program[], place: Place): Promise<unknown> {
    const values: unknown[] = [];
    for (const [index, part] of parts.entries()) values.push(await this.run(part, below(place, index)));
    return values;
  }

  async #loop({ turns, part }: Extract<Program, { kind: "branches" }>, branch: number, site: string): Promise<unknown> {
    const values: unknown[] = [];
    for (let turn = 0; turn < turns; turn++) values.push(await this.run(part, { site: `${site}.${branch}.${turn}`, alone: false }));
    return values;
  }

  async #combine(kind: "all" | "race" | "any" | "settled", parts: readonly Program[], site: string): Promise<unknown> {
    const running = parts.map((part, index) => this.run(part, { site: `${site}.${index}`, alone: false }));
    if (kind === "all") return Promise.all(running);
    if (kind === "settled") return (await Promise.allSettled(running)).map(({ status }) => status);
    const winner = await (kind === "race" ? Promise.race(running) : Promise.any(running));
    this.#note(`${site} ${kind} gave ${JSON.stringify(winner)}`);
    return winner;
  }

  #runBeside(part: Program, site: string): void {
    this.run(part, { site: `${site}.late`, alone: false }).then(
      () => this.#note(`${site} came late`),
      (error: unknown) => this.#note(`${site} failed late: ${String(error)}`),
    );
  }

  async #try({ part, handler }: Extract<Program, { kind: "try" }>, place: Place): Promise<unknown> {
    const { site, alone } = place;
    if (alone) this.#note(`${site} entered`);
    try {
      return await this.run(part, below(place, "t"));
    } catch (error) {
      this.#note(`${site} caught ${String(error)}`);
      return handler === undefined ? "caught" : await this.run(handler, below(place, "h"));
    } finally {
      await this.#durable.shield(async () => {
        await this.#durable.sleep("3ms");
        await this.#durable.step({ name: "cleanup", maxRetries: 1, retryDelay: "0ms", timeout: undefined, args: { site: `${site}!`, items: [], maxRetries: 1 } });
      });
      if (alone) this.#note(`${site} cleaned`);
    }
  }

  #note(line: string): void {
    this.seen.push(line);
    this.#durable.note(line);
  }
}

function below({ site, alone }: Place, part: number | string): Place {
  return { site: `${site}.${part}`, alone };
}
