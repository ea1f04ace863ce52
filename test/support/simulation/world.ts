import { encode, type Encoded } from "../../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../../src/core/events/event.js";
import { StorageError } from "../../../src/core/errors.js";
import { requestEvents } from "../../../src/core/family.js";
import type { HookRecord } from "../../../src/core/hooks.js";
import { tokenOf, type OperationId, type RunId } from "../../../src/core/ids.js";
import { isTerminal, type RunRecord } from "../../../src/core/run.js";
import type { WorkflowDefinition } from "../../../src/engine/definition.js";
import { runContext, stepContext, StepTimeoutError, workflow, type StepContext } from "../../../src/index.js";
import type { Backend, CommitResult, RunCommit } from "../../../src/storage/backend.js";
import { createMemoryBackend } from "../../../src/storage/memory/memory-backend.js";
import { startRun } from "../in-memory.js";
import { execute, type RunInput, type StepArguments } from "./body.js";
import { chanceOf, type Chance } from "./chance.js";
import { bodiesMeet, EngineInstance, type Outside } from "./engine-instance.js";
import { Family, type Member } from "./family.js";
import { faultsOfClosing } from "./family-checks.js";
import type { HeldCall, HeldCommit, StoreFault } from "./gated-backend.js";
import { SimulatedProcess } from "./process.js";
import { isOrderFree, type Plan } from "./programs.js";
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
  /** Some steps end only when their signal aborts; their run is cancelled when nothing else is left. */
  readonly hangs?: boolean;
  /** A broken engine. */
  readonly broken?: StoreFault;
}

export interface Execution {
  readonly plan: Plan;
  /** Decides which steps fail, and what happens when. */
  readonly seed: number;
  readonly faults: Faults;
}

/** A payload that the store has taken. */
export interface Resumed {
  readonly runId: RunId;
  readonly hookId: OperationId;
  readonly value: Encoded;
}

type Move = () => Promise<void> | void;

const movesMax = 6000;
const idleMax = 60;
const requestsMax = 4;

/** One execution of a plan by simulated processes, in which chance decides what happens next. */
export class World implements Outside {
  readonly instances: EngineInstance[] = [];
  readonly errors: string[] = [];
  readonly resumed: Resumed[] = [];
  /** The logs as they were at each crash. */
  readonly atCrash: { readonly runId: RunId; readonly history: readonly RecordedEvent[] }[] = [];
  readonly family: Family;
  commits = 0;
  readonly #execution: Execution;
  readonly #chance: Chance;
  readonly #time = { nowMs: 1_000_000 };
  readonly #store: Backend = createMemoryBackend();
  readonly #workflows: Readonly<Record<"unlimited" | "limited", WorkflowDefinition<RunInput>>>;
  readonly #processes: SimulatedProcess[] = [];
  readonly #steps: Steps;
  #root: RunId | undefined;
  #requests = 0;

  constructor(execution: Execution) {
    const { plan, seed } = execution;
    this.#execution = execution;
    this.#chance = chanceOf("moves", seed);
    this.family = new Family(this.#store);
    const name = `simulation.${++worlds}`;
    this.#workflows = { unlimited: this.#define({ name }), limited: this.#define({ name: `${name}.limited`, maxDuration: "2m" }) };
    this.#steps = new Steps({
      seed,
      chance: this.#chance,
      constant: isOrderFree(plan),
      hang: execution.faults.hangs === true,
      history: (runId) => this.family.historyOf(runId),
    });
  }

  /** The run that was started first, or the one that goes on in its place. */
  get last(): RunRecord | undefined {
    let run = this.#root && this.family.members.get(this.#root)?.run;
    while (run?.continuedTo !== undefined) run = this.family.members.get(run.continuedTo)?.run;
    return run;
  }

  async execute(): Promise<this> {
    const { plan } = this.#execution;
    bodiesMeet(this);
    const input = { plan, site: "", generation: 0 };
    const maxDurationMs = plan.maxDuration === undefined ? undefined : 120_000;
    this.#root = await startRun(this.#store, this.workflowFor(input), { maxRecoveryAttempts, input, ...(maxDurationMs !== undefined && { maxDurationMs }) });
    await this.family.look();
    let idle = 0;
    for (let move = 0; idle < idleMax && this.errors.length === 0 && this.#goesOn(); move++) {
      if (move > movesMax) this.errors.push("it does not come to an end");
      idle = (await this.#move()) ? 0 : idle + 1;
      if (this.#chance.happens(0.2)) this.#time.nowMs++;
      await rounds(this.#chance.below(3));
    }
    if (idle === idleMax) this.errors.push(`stuck: ${this.family.live.map(({ run }) => `${run.runId} is ${run.status}`).join()}`);
    await this.#layZombiesToRest();
    return this;
  }

  workflowFor({ plan }: RunInput): WorkflowDefinition<RunInput> {
    return this.#workflows[plan.maxDuration === undefined ? "unlimited" : "limited"];
  }

  enterStep(args: StepArguments): Promise<number> | number {
    return this.#enter(args, args);
  }

  enterTold(site: string, token: string): Promise<number> | number {
    if (!this.family.hooks.some(({ runId, hookId }) => tokenOf(runId, hookId) === token)) this.errors.push(`somebody was told of ${token}, which did not exist`);
    return this.#enter(token, { site: `${site}#`, items: [], maxRetries: 3 });
  }

  #define(options: { readonly name: string; readonly maxDuration?: string }): WorkflowDefinition<RunInput> {
    return workflow({ ...options, maxRecoveryAttempts }, async (input: RunInput) => {
      const instance = new EngineInstance(runContext().runId);
      this.instances.push(instance);
      return execute(input, instance);
    });
  }

  #goesOn(): boolean {
    const runs = [...this.family.members.values()].map(({ run }) => run);
    return runs.every(({ parked }) => parked === undefined) && runs.some(({ status, closing }) => closing === true || !isTerminal(status));
  }

  // One thing that can happen now, happens. False where nothing can but waiting for the engine itself.
  async #move(): Promise<boolean> {
    const moves = [...this.#processes.flatMap((process) => this.#movesOf(process)), ...this.#movesOfSteps(), ...this.#movesOfRuns(), ...this.#movesOfPeople()];
    const future = this.#nextTime();
    if (future !== undefined && (moves.length === 0 || this.#chance.happens(0.1))) moves.push(() => void (this.#time.nowMs = future));
    const last = moves.length === 0 ? this.#lastResort() : undefined;
    if (last !== undefined) moves.push(last);
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
      ...(process.state === "zombie" ? [] : this.#movesOfHolder(process)),
    ];
  }

  #movesOfHolder(holder: SimulatedProcess): readonly Move[] {
    const { crashes = 0, releases = 0 } = this.#execution.faults;
    if (holder.executing.size === 0) return [];
    const moves: Move[] = [];
    for (const [runId, { toldTo }] of holder.executing) {
      const newest = newestFromOutside(this.family.members.get(runId), holder);
      if (newest > toldTo) moves.push(() => holder.tell(runId, newest));
    }
    if (this.#chance.happens(crashes)) moves.push(() => this.#crash(holder));
    if (holder.state === "live" && this.#chance.happens(releases)) moves.push(() => void this.#release(holder));
    return moves;
  }

  #movesOfSteps(): readonly Move[] {
    return this.#steps.ending.map((step) => () => step.finish());
  }

  #movesOfRuns(): readonly Move[] {
    const runs = [...this.family.members.values()].map(({ run }) => run);
    const due = runs.filter(({ dueAt = Infinity }) => dueAt <= this.#time.nowMs);
    return [...due.map(() => () => this.#claim()), ...(runs.some(({ closing }) => closing) ? [() => this.#sweep()] : [])];
  }

  #movesOfPeople(): readonly Move[] {
    const { cancels = 0 } = this.#execution.faults;
    const { hooks, live } = this.family;
    const moves: Move[] = [];
    const hook = this.#chance.pick(hooks);
    if (hook !== undefined && this.#chance.happens(hook.status === "pending" ? 0.15 : 0.03)) moves.push(() => this.#resume(hook));
    const member = this.#chance.pick(live);
    if (member !== undefined && this.#requests < requestsMax && this.#chance.happens(cancels / 3 ** this.#requests)) moves.push(() => this.#requestCancellation(member));
    return moves;
  }

  // What moves a run that would wait for ever: somebody resumes its hook, or cancels what hangs.
  #lastResort(): Move | undefined {
    const { hooks, members } = this.family;
    const pending = this.#chance.pick(hooks.filter(({ status }) => status === "pending"));
    if (pending !== undefined) return () => this.#resume(pending);
    const hanging = this.#steps.running.map(({ context }) => members.get(context.runId)).filter((member) => member !== undefined);
    const member = hanging.find(({ run }) => !isTerminal(run.status) && !run.cancellationRequested);
    return member && (() => this.#requestCancellation(member));
  }

  #nextTime(): number | undefined {
    const timers = this.#processes.filter(({ state }) => state !== "gone").map(({ clock }) => clock.nextAt());
    const due = this.family.live.map(({ run }) => run.dueAt ?? Infinity);
    const next = Math.min(...[...timers, ...due].filter((at) => at > this.#time.nowMs));
    return next === Infinity ? undefined : next;
  }

  async #claim(): Promise<void> {
    const live = this.#chance.pick(this.#processes.filter(({ state }) => state === "live"));
    const process = live !== undefined && this.#chance.happens(0.5) ? live : await this.#startProcess();
    await process.claim();
    await this.family.look();
  }

  async #startProcess(): Promise<SimulatedProcess> {
    const workflows = Object.values(this.#workflows);
    const process = await SimulatedProcess.start({ store: this.#store, workflows, time: this.#time, fault: this.#execution.faults.broken, onFault: (fault) => void this.errors.push(fault) });
    this.#processes.push(process);
    return process;
  }

  async #carryOut(process: SimulatedProcess, call: HeldCall): Promise<void> {
    process.calls.splice(process.calls.indexOf(call), 1);
    const fault = this.#chance.happens(this.#execution.faults.storage ?? 0) ? this.#chance.below(3) : undefined;
    if (fault === 0) return call.fail(storageError("rolled_back"));
    if (call.kind === "commit") return this.#carryOutCommit(process, call, fault);
    this.#answer(process, call, await call.carryOut());
  }

  async #carryOutCommit(process: SimulatedProcess, call: HeldCommit, fault: number | undefined): Promise<void> {
    if (fault === 1) return call.fail(storageError("unknown"));
    const results = await call.carryOut();
    await this.#count(process, call.batch, results);
    if (fault === 2) return call.fail(storageError("unknown"));
    if (this.commits === this.#execution.faults.crashAfterCommit) return this.#crashAt(process, () => call.answer(results));
    this.#answer(process, call, results);
  }

  #answer(process: SimulatedProcess, call: HeldCall, result: unknown): void {
    if (this.#chance.happens(0.5)) call.answer(result);
    else process.answers.push(() => call.answer(result));
  }

  async #count(process: SimulatedProcess, batch: readonly RunCommit[], results: readonly CommitResult[]): Promise<void> {
    if (!results.some(({ accepted }) => accepted)) return;
    this.commits++;
    await this.family.look();
    if (process.state !== "zombie") return;
    const wrote = batch.find(({ fence }, index) => fence !== undefined && results[index]?.accepted);
    if (wrote !== undefined) this.errors.push(`I2: a process that had lost ${wrote.runId} wrote to it`);
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
    for (const { run, history } of this.family.members.values()) this.atCrash.push({ runId: run.runId, history });
    if (this.#chance.happens(0.3)) process.state = "zombie";
    else this.#kill(process);
    await this.#store.loseWorker({ workerId, now: this.#time.nowMs, error: "killed", charge: this.#chance.happens(0.5) ? "all" : "none" });
    await this.family.look();
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
    const running = this.#steps.running.some(({ context }) => context.workerId === process.workerId && process.released.has(context.runId) && !hasTimedOut(context));
    if (running && this.#requests === 0 && this.#time.nowMs < end) this.errors.push("a run was handed over, and its step still had time");
  }

  async #requestCancellation({ run, history }: Member): Promise<void> {
    this.#requests++;
    const events = requestEvents(run, { at: this.#time.nowMs, requestedBy: "somebody" });
    if (events.length > 0) await this.#append({ runId: run.runId, seen: history.length, expect: true, events });
  }

  // Exactly one of those who resume a hook wins, and nobody past its expiry.
  async #resume({ runId, hookId, status, expiresAt = Infinity }: HookRecord): Promise<void> {
    const at = this.#time.nowMs;
    const value = encode(isOrderFree(this.#execution.plan) ? 7 : this.#chance.below(100));
    const result = await this.#append({ runId, seen: 0, events: [{ type: "hook.received", at, operationId: hookId, value }] });
    if (result?.accepted) this.resumed.push({ runId, hookId, value });
    const fits = status === "pending" && at < expiresAt;
    if (result?.accepted !== fits) this.errors.push(`a payload for ${hookId} was ${result?.accepted ? "taken" : "refused"}: it was ${status}, expires at ${expiresAt}, now ${at}`);
  }

  async #sweep(): Promise<void> {
    const closed = await this.#store.closeChildren(1 + this.#chance.below(2), this.#time.nowMs);
    await this.family.look();
    if (closed === 0) this.errors.push(...faultsOfClosing(this.family));
  }

  async #append(commit: RunCommit & { readonly events: readonly WorkflowEvent[] }): Promise<CommitResult | undefined> {
    const [result] = await this.#store.commit([commit]);
    await this.family.look();
    return result;
  }

  async #layZombiesToRest(): Promise<void> {
    const zombies = this.#processes.filter(({ state }) => state === "zombie");
    for (let round = 0; round < 20 && zombies.length > 0; round++) {
      for (const process of zombies) {
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

  #enter(recorded: unknown, args: StepArguments): Promise<number> | number {
    const context = stepContext();
    const process = this.#processes.find(({ workerId }) => workerId === context.workerId);
    if (process?.state === "gone") this.errors.push(`${context.stepId} began in a process that was dropped`);
    else if (process?.state !== "zombie") this.#checkStart(context, recorded);
    return this.#steps.enter(args);
  }

  #checkStart(context: StepContext, args: unknown): void {
    const { run, history = [] } = this.family.members.get(context.runId) ?? {};
    this.errors.push(...faultsOfStart(context, args, history));
    // Who ended the run by force did not ask its holder.
    if (run === undefined || isTerminal(run.status)) return;
    if (run.epoch !== context.epoch || run.workerId !== context.workerId) this.errors.push(`${context.stepId} began in a process that does not hold the run`);
    const started = history.some((event) => event.type === "step.started" && event.operationId === context.stepId && event.attempt === context.attempt);
    if (run.recoveryAttempts > 0 && !started) this.errors.push(`${context.stepId} began after a loss, and its step.started was not durable`);
  }
}

const maxRecoveryAttempts = 100_000;

let worlds = 0;

// A holder hears of what others append, and of an end that it did not write.
function newestFromOutside(member: Member | undefined, { workerId }: SimulatedProcess): number {
  if (member === undefined) return 0;
  const { run, history } = member;
  if (isTerminal(run.status)) return history.length;
  return run.workerId === workerId ? (run.inbox ?? 0) : 0;
}

// Its run has done with such an attempt, also where its code goes on.
function hasTimedOut({ signal }: StepContext): boolean {
  return signal.reason instanceof StepTimeoutError;
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
