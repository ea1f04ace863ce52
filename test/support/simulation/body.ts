import { isOrderFree, type Delay, type Program, type StepName, type StepPart } from "./programs.js";

export interface StepCall {
  readonly name: StepName;
  readonly maxRetries: number;
  readonly retryDelay: Delay;
  readonly args: StepArguments;
}

export interface StepArguments {
  /** Where in the program the call stands: no two calls of one execution share it. */
  readonly site: string;
  readonly items: number[];
  /** As the step is defined: for the checks, which see only the log. */
  readonly maxRetries: number;
}

/** What a body calls: the engine's functions, or those of the reference interpreter. */
export interface Durable {
  step(call: StepCall): Promise<number>;
  sleep(duration: string): Promise<void>;
  shield<T>(fn: () => Promise<T>): Promise<T>;
  nowMs(): number;
  /** What the body has seen, in order. */
  note(line: string): void;
}

/** The program as a workflow's function. Where order decides the result, all that was seen is part of it. */
export function bodyOf(program: Program): (durable: Durable) => Promise<unknown> {
  const orderFree = isOrderFree(program);
  return async (durable) => {
    const seen: string[] = [];
    const note = (line: string) => {
      seen.push(line);
      durable.note(line);
    };
    const value = await new Interpreter({ ...bound(durable), note }).run(program, { site: "", alone: true });
    return orderFree ? value : { value, seen };
  };
}

function bound(durable: Durable): Omit<Durable, "note"> {
  return {
    step: (call) => durable.step(call),
    sleep: (duration) => durable.sleep(duration),
    shield: (fn) => durable.shield(fn),
    nowMs: () => durable.nowMs(),
  };
}

interface Place {
  readonly site: string;
  /** No other branch runs beside it, so whoever waits for the run waits for it. */
  readonly alone: boolean;
}

class Interpreter {
  readonly #durable: Durable;
  #last = 0;

  constructor(durable: Durable) {
    this.#durable = durable;
  }

  async run(program: Program, place: Place): Promise<unknown> {
    switch (program.kind) {
      case "step":
        return this.#step(program, place.site);
      case "sleep":
        await this.#durable.sleep(program.duration);
        this.#durable.note(`${place.site} slept`);
        return 0;
      case "ticks":
        for (let tick = 0; tick < program.count; tick++) await Promise.resolve();
        return 0;
      case "now":
        this.#durable.note(`${place.site} at ${this.#durable.nowMs()}`);
        return 0;
      case "branches":
        return Promise.all(Array.from({ length: program.width }, (_, branch) => this.#loop(program, branch, place.site)));
      case "unawaited":
        this.#runBeside(program.part, place.site);
        return 0;
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

  async #step({ name, maxRetries, retryDelay, flow, mutate }: StepPart, site: string): Promise<number> {
    const args = { site, items: flow ? [this.#last] : [], maxRetries };
    const outcome = this.#durable.step({ name, maxRetries, retryDelay, args });
    if (mutate) args.items.push(99);
    const value = await outcome;
    this.#last = value;
    this.#durable.note(`${site} gave ${value}`);
    return value;
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
    this.#durable.note(`${site} ${kind} gave ${JSON.stringify(winner)}`);
    return winner;
  }

  #runBeside(part: Program, site: string): void {
    this.run(part, { site: `${site}.late`, alone: false }).then(
      () => this.#durable.note(`${site} came late`),
      (error: unknown) => this.#durable.note(`${site} failed late: ${String(error)}`),
    );
  }

  async #try({ part, handler }: Extract<Program, { kind: "try" }>, place: Place): Promise<unknown> {
    const { site, alone } = place;
    if (alone) this.#durable.note(`${site} entered`);
    try {
      return await this.run(part, below(place, "t"));
    } catch (error) {
      this.#durable.note(`${site} caught ${String(error)}`);
      return handler === undefined ? "caught" : await this.run(handler, below(place, "h"));
    } finally {
      await this.#durable.shield(async () => {
        await this.#durable.sleep("3ms");
        await this.#durable.step({ name: "cleanup", maxRetries: 1, retryDelay: "0ms", args: { site: `${site}!`, items: [], maxRetries: 1 } });
      });
      if (alone) this.#durable.note(`${site} cleaned`);
    }
  }
}

function below({ site, alone }: Place, part: number | string): Place {
  return { site: `${site}.${part}`, alone };
}
