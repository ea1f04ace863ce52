import type { RecordedEvent } from "../../../src/core/events/event.js";
import { StorageError } from "../../../src/core/errors.js";
import type { RunId } from "../../../src/core/ids.js";
import { isTerminal, type RunRecord } from "../../../src/core/run.js";
import type { WorkflowDefinition } from "../../../src/engine/definition.js";
import { stepContext, workflow, type StepContext } from "../../../src/index.js";
import type { Backend, CommitResult } from "../../../src/storage/backend.js";
import { createMemoryBackend } from "../../../src/storage/memory/memory-backend.js";
import { startRun } from "../in-memory.js";
import { bodyOf, type StepArguments } from "./body.js";
import { chanceOf, type Chance } from "./chance.js";
import { EngineInstance, stepsGoTo } from "./engine-instance.js";
import type { HeldCall } from "./gated-backend.js";
import { SimulatedProcess } from "./process.js";
import { isOrderFree, type Program } from "./programs.js";
import { faultsOfStart, Steps } from "./steps.js";

/** What goes wrong in an execution: likelihoods a move, unless said otherwise. */
export interface Faults {
  /** The process dies after this commit, counted from 1. */
  readonly crashAfterCommit?: number;
  readonly crashes?: number;
  readonly releases?: number;
  readonly cancels?: number;
  /** Likelihood that a call to the store fails. */
  readonly storage?: number;
  /** Some steps end only when their signal aborts; the run is cancelled when nothing else is left. */
  readonly hangs?: boolean;
  /** A broken engine: suspending, ending and parking overwrite what they have not seen. */
  readonly forgetsExpect?: boolean;
}

export interface Execution {
  readonly program: Program;
  /** Decides which steps fail, and what happens when. */
  readonly seed: number;
  readonly faults: Faults;
}

type Move = () => Promise<void> | void;

const movesMax = 4000;
const idleMax = 60;

/** One execution of a program by simulated processes, in which chance decides what happens next. */
export class World {
  readonly instances: EngineInstance[] = [];
  readonly errors: string[] = [];
  /** The log as it was at each crash. */
  readonly atCrash: (readonly RecordedEvent[])[] = [];
  run: RunRecord | undefined;
  history: readonly RecordedEvent[] = [];
  commits = 0;
  readonly #execution: Execution;
  readonly #chance: Chance;
  readonly #time = { nowMs: 1_000_000 };
  readonly #store: Backend = createMemoryBackend();
  readonly #workflow: WorkflowDefinition;
  readonly #processes: SimulatedProcess[] = [];
  readonly #steps: Steps;
  #runId: RunId | undefined;
  #requests = 0;

  constructor(execution: Execution) {
    const { program, seed } = execution;
    this.#execution = execution;
    this.#chance = chanceOf("moves", seed);
    const body = bodyOf(program);
    this.#workflow = workflow({ name: `simulation.${++worlds}` }, async () => {
      const instance = new EngineInstance();
      this.instances.push(instance);
      return body(instance);
    });
    this.#steps = new Steps({ seed, chance: this.#chance, constant: isOrderFree(program), hang: execution.faults.hangs === true, history: () => this.history });
  }

  async execute(): Promise<this> {
    stepsGoTo((args) => this.#enterStep(args));
    this.#runId = await startRun(this.#store, this.#workflow, { maxRecoveryAttempts: 100_000 });
    await this.#look();
    let idle = 0;
    for (let move = 0; idle < idleMax; move++) {
      if (this.run === undefined || isTerminal(this.run.status) || this.run.parked !== undefined) break;
      if (move > movesMax) this.errors.push("it does not come to an end");
      if (this.errors.length > 0) break;
      idle = (await this.#move(this.run)) ? 0 : idle + 1;
      if (this.#chance.happens(0.2)) this.#time.nowMs++;
      await rounds(this.#chance.below(3));
    }
    if (idle === idleMax) this.errors.push(`stuck: ${this.run?.status}`);
    await this.#layZombiesToRest();
    return this;
  }

  // Whoever changes the store looks again before anybody hears of it, so that what is checked meanwhile is the present.
  async #look(): Promise<void> {
    if (this.#runId === undefined) return;
    this.run = await this.#store.getRun(this.#runId);
    this.history = await this.#store.readHistory(this.#runId, 0);
  }

  // One thing that can happen now, happens. False where nothing can but waiting for the engine itself.
  async #move(run: RunRecord): Promise<boolean> {
    const moves = [...this.#processes.flatMap((process) => this.#movesOf(process)), ...this.#movesOfSteps(), ...this.#movesOfRun(run)];
    const future = this.#nextTime(run);
    if (future !== undefined && (moves.length === 0 || this.#chance.happens(0.1))) moves.push(() => void (this.#time.nowMs = future));
    if (moves.length === 0 && this.#steps.running.length > 0 && this.#requests === 0) moves.push(() => this.#requestCancellation(run));
    if (moves.length === 0) await rounds(1);
    else await this.#chance.pick(moves)?.();
    return moves.length > 0;
  }

  #movesOf(process: SimulatedProcess): readonly Move[] {
    if (process.state === "gone") return [];
    const { calls, answers, clock } = process;
    return [
      ...calls.map((call) => () => this.#carryOut(process, call)),
      ...answers.map((answer, index) => () => {
        answers.splice(index, 1);
        answer();
      }),
      ...(clock.nextAt() <= this.#time.nowMs ? [() => clock.fireNext()] : []),
    ];
  }

  #movesOfSteps(): readonly Move[] {
    return this.#steps.ending.map((step) => () => step.finish());
  }

  #movesOfRun(run: RunRecord): readonly Move[] {
    const { cancels = 0 } = this.#execution.faults;
    const holder = this.#processes.find(({ workerId }) => workerId === run.workerId);
    const moves = holder === undefined ? this.#movesOfUnheld(run) : this.#movesOfHolder(holder, run);
    if (this.#requests < 2 && this.#chance.happens(cancels / 3 ** this.#requests)) moves.push(() => this.#requestCancellation(run));
    return moves;
  }

  #movesOfUnheld({ dueAt = Infinity }: RunRecord): Move[] {
    return dueAt <= this.#time.nowMs ? [() => this.#claim()] : [];
  }

  #movesOfHolder(holder: SimulatedProcess, run: RunRecord): Move[] {
    const { crashes = 0, releases = 0 } = this.#execution.faults;
    const moves: Move[] = [];
    if (run.inbox !== undefined && run.inbox > holder.polledTo) moves.push(() => wake(holder, run));
    if (this.#chance.happens(crashes)) moves.push(() => this.#crash(holder));
    if (holder.state === "live" && this.#chance.happens(releases)) moves.push(() => void this.#release(holder));
    return moves;
  }

  #nextTime(run: RunRecord): number | undefined {
    const timers = this.#processes.filter(({ state }) => state !== "gone").map(({ clock }) => clock.nextAt());
    const next = Math.min(...[...timers, run.dueAt ?? Infinity].filter((at) => at > this.#time.nowMs));
    return next === Infinity ? undefined : next;
  }

  async #claim(): Promise<void> {
    const idle = this.#processes.find(({ state, executing }) => state === "live" && executing === 0);
    const process = idle !== undefined && this.#chance.happens(0.5) ? idle : await this.#startProcess();
    await process.claim();
    await this.#look();
  }

  async #startProcess(): Promise<SimulatedProcess> {
    const { forgetsExpect = false } = this.#execution.faults;
    const process = await SimulatedProcess.start({ store: this.#store, workflow: this.#workflow, time: this.#time, forgetsExpect, onFault: (fault) => void this.errors.push(fault) });
    this.#processes.push(process);
    return process;
  }

  async #carryOut(process: SimulatedProcess, call: HeldCall): Promise<void> {
    process.calls.splice(process.calls.indexOf(call), 1);
    const fault = this.#chance.happens(this.#execution.faults.storage ?? 0) ? this.#chance.below(3) : undefined;
    if (fault === 0) return call.fail(storageError("rolled_back"));
    if (fault === 1 && call.kind === "commit") return call.fail(storageError("unknown"));
    const result = await call.carryOut();
    if (call.kind === "commit") await this.#count(process, result as readonly CommitResult[]);
    if (fault === 2 && call.kind === "commit") return call.fail(storageError("unknown"));
    if (call.kind === "commit" && this.commits === this.#execution.faults.crashAfterCommit) return this.#crashAt(process, () => call.answer(result));
    if (this.#chance.happens(0.5)) call.answer(result);
    else process.answers.push(() => call.answer(result));
  }

  async #count(process: SimulatedProcess, results: readonly CommitResult[]): Promise<void> {
    if (!results.some(({ accepted }) => accepted)) return;
    this.commits++;
    await this.#look();
    if (process.state === "zombie") this.errors.push("I2: a process that had lost the run wrote to it");
  }

  // Half of the crashes come before the process hears of its commit.
  async #crashAt(process: SimulatedProcess, answer: () => void): Promise<void> {
    if (this.#chance.happens(0.5)) {
      answer();
      await rounds(this.#chance.below(4));
    }
    await this.#crash(process);
  }

  async #crash(process: SimulatedProcess): Promise<void> {
    const { workerId } = process;
    this.atCrash.push(this.history);
    if (this.#chance.happens(0.3)) process.state = "zombie";
    else this.#kill(process);
    await this.#store.loseWorker({ workerId, now: this.#time.nowMs, error: "killed", charge: this.#chance.happens(0.5) ? "all" : "none" });
    await this.#look();
  }

  #kill(process: SimulatedProcess): void {
    process.drop();
    const { running } = this.#steps;
    running.splice(0, running.length, ...running.filter(({ context }) => context.workerId !== process.workerId));
  }

  async #release(process: SimulatedProcess): Promise<void> {
    const graceMs = this.#chance.pick([0, 5, 60_000]) ?? 0;
    const end = this.#time.nowMs + graceMs;
    await process.release(graceMs);
    const running = this.#steps.running.some(({ context }) => context.workerId === process.workerId);
    if (running && this.#requests === 0 && this.#time.nowMs < end) this.errors.push("a run was handed over, and its step still had time");
  }

  async #requestCancellation({ runId }: RunRecord): Promise<void> {
    this.#requests++;
    await this.#store.commit([{ runId, seen: 0, events: [{ type: "cancellation.requested", at: this.#time.nowMs, requestedBy: "somebody" }] }]);
    await this.#look();
  }

  async #layZombiesToRest(): Promise<void> {
    for (let round = 0; round < 20; round++) {
      for (const process of this.#processes.filter(({ state }) => state === "zombie")) {
        for (const call of process.calls.slice()) await this.#carryOut(process, call);
        for (const answer of process.answers.splice(0)) answer();
      }
      await rounds(1);
    }
    for (const process of this.#processes) {
      this.#kill(process);
      for (const { message } of process.notes) if (message.includes("nobody awaited")) this.errors.push(message);
    }
  }

  #enterStep(args: StepArguments): Promise<number> | number {
    const context = stepContext();
    const process = this.#processes.find(({ workerId }) => workerId === context.workerId);
    if (process?.state === "gone") this.errors.push(`${context.stepId} began in a process that was dropped`);
    else if (process?.state !== "zombie") this.#checkStart(context, args);
    return this.#steps.enter(args);
  }

  #checkStart(context: StepContext, args: StepArguments): void {
    const { run, history } = this;
    this.errors.push(...faultsOfStart(context, args, history));
    if (run?.epoch !== context.epoch || run.workerId !== context.workerId) this.errors.push(`${context.stepId} began in a process that does not hold the run`);
    const started = history.some((event) => event.type === "step.started" && event.operationId === context.stepId && event.attempt === context.attempt);
    if (run !== undefined && run.recoveryAttempts > 0 && !started) this.errors.push(`${context.stepId} began after a loss, and its step.started was not durable`);
  }
}

let worlds = 0;

function wake(process: SimulatedProcess, { runId, inbox = 0 }: RunRecord): void {
  process.polledTo = inbox;
  process.executor.wake(runId, inbox);
}

function storageError(outcome: "rolled_back" | "unknown"): StorageError {
  return new StorageError(`a simulated fault (${outcome})`, { kind: "io", outcome, hint: "go on" });
}

/** Lets the engine go on for some iterations of the event loop. */
async function rounds(count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
