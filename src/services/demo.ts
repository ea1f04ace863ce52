import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../base/clock.js";
import { DemoFailedError } from "../core/errors.js";
import type { RecordedEvent } from "../core/events/event.js";
import { operationIdOf, parseRunId, type OperationId, type RunId, type WorkerId } from "../core/ids.js";
import { checkFacts, keptSteps, recoveryMs, type Fact, type Kill } from "./demo-facts.js";
import { runCommand, startDemoWorker, type DemoShell, type DemoWorker } from "./demo-processes.js";
import { newProject } from "./new-project.js";
import type { Project } from "./project.js";
import { readResult } from "./read-result.js";
import { showLog, type LogEntry } from "./show-log.js";

export interface DemoOptions extends DemoShell {
  /** Let the payment run for so long before the kill, for somebody who watches. It takes 1.5 s. */
  readonly pauseMs: number;
  /** Leave the folder. After a failure it is always left. */
  readonly keep: boolean;
  /** Opens the store of the project in a folder. */
  openProject(dir: string): Promise<Project>;
  onNews(news: DemoNews): void;
  /** Ends the tour early; what aborts it is thrown. */
  readonly signal: AbortSignal;
}

/** The tour as it goes on. */
export type DemoNews =
  | { readonly kind: "project"; readonly dir: string; readonly files: number }
  | { readonly kind: "worker"; readonly pid: number; readonly processes: readonly number[] }
  | { readonly kind: "run"; readonly runId: RunId; readonly words: readonly string[] }
  | { readonly kind: "event"; readonly event: RecordedEvent; readonly pid: number | undefined }
  | { readonly kind: "killed"; readonly pid: number; readonly step: OperationId; readonly at: number }
  | { readonly kind: "stopped" };

/** What was seen. */
export interface DemoReport {
  readonly run_id: RunId;
  readonly killed_pid: number;
  readonly killed_step: OperationId;
  readonly kept_steps: readonly OperationId[];
  readonly recovery_ms: number;
  readonly result: unknown;
  readonly facts: readonly Fact[];
  readonly log: readonly LogEntry[];
  readonly dir: string;
  readonly kept: boolean;
}

/**
 * The guided tour, which checks itself: a new project, a worker, an order, SIGKILL to the process that takes the payment, and
 * the recovery. Throws DemoFailedError where anything of it does not happen.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  const { dir, keep, signal } = options;
  const { files } = await newProject({ dir, template: "basic" });
  options.onNews({ kind: "project", dir, files: files.length });
  const project = await options.openProject(dir);
  const worker = startDemoWorker(options);
  const tour = new Tour(options, project, worker);
  try {
    const report = await tour.go();
    if ((await worker.stop()) !== 0) throw new DemoFailedError(`the worker did not stop as it should: ${worker.exit ?? ""}\n${worker.lastWords()}`, dir);
    options.onNews({ kind: "stopped" });
    await project.close();
    if (!keep) await rm(dir, { recursive: true, force: true });
    return report;
  } catch (error) {
    await worker.stop();
    await project.close();
    if (signal.aborted && !keep) await rm(dir, { recursive: true, force: true });
    if (signal.aborted || error instanceof DemoFailedError) throw error;
    throw new DemoFailedError(error instanceof Error ? error.message : String(error), dir, { cause: error });
  }
}

const killedStep = operationIdOf("step_process_payment", 1);
const lookEveryMs = 15;
const patienceMs = 60_000;

class Tour {
  readonly #options: DemoOptions;
  readonly #project: Project;
  readonly #worker: DemoWorker;
  #history: RecordedEvent[] = [];
  #pids: ReadonlyMap<WorkerId, number> = new Map();

  constructor(options: DemoOptions, project: Project, worker: DemoWorker) {
    this.#options = options;
    this.#project = project;
    this.#worker = worker;
  }

  async go(): Promise<DemoReport> {
    await this.#workersReady();
    const runId = await this.#startOrder();
    const { kill, pid } = await this.#killDuringPayment(runId);
    await this.#until("the order to complete", async () => {
      await this.#read(runId);
      return this.#hasCompleted(runId);
    });
    return this.#report(runId, kill, pid);
  }

  async #workersReady(): Promise<void> {
    const { config, backend } = this.#project;
    const wanted = config.worker.processes ?? 1;
    await this.#until(`${wanted} worker processes to come up`, async () => {
      const workers = (await backend.listWorkers()).filter(({ role, status }) => role === "worker" && status === "online");
      this.#pids = new Map(workers.map(({ workerId, pid }) => [workerId, pid]));
      return workers.length >= wanted;
    });
    this.#options.onNews({ kind: "worker", pid: this.#worker.pid, processes: [...this.#pids.values()] });
  }

  async #startOrder(): Promise<RunId> {
    const words = ["workflows", "run", "process_order", "--arg", "orderId=ORD-1", "--arg", "amount=49.99"];
    const { code, stdout, stderr } = await runCommand(this.#options, [...words, "--no-wait", "--output", "json"]);
    const runId = parseRunId(/"run_id": "(\w+)"/.exec(stdout)?.[1] ?? "");
    if (code !== 0 || runId === undefined) throw this.#failure(`pyworkflow ${words.join(" ")} ended with exit code ${code}: ${stderr.trim()}`);
    this.#options.onNews({ kind: "run", runId, words });
    return runId;
  }

  async #killDuringPayment(runId: RunId): Promise<{ kill: Kill; pid: number }> {
    // The charge is made and its step is not done: the worst moment to die.
    await this.#until("the payment to be under way", async () => {
      await this.#read(runId);
      return this.#isUnderWay(killedStep) && (await this.#charges()) > 0;
    });
    await pause(this.#project.clock, this.#options.pauseMs);
    const { workerId } = (await this.#project.backend.getRun(runId)) ?? {};
    const pid = workerId && this.#pids.get(workerId);
    if (!workerId || !pid) throw this.#failure("the payment is not executed by a process of this tour");
    const at = this.#project.clock.now();
    process.kill(pid, "SIGKILL");
    this.#options.onNews({ kind: "killed", pid, step: killedStep, at });
    return { kill: { workerId, step: killedStep, at }, pid };
  }

  async #report(runId: RunId, kill: Kill, pid: number): Promise<DemoReport> {
    const { dir, keep } = this.#options;
    const facts = checkFacts(this.#history, kill, await this.#charges());
    const broken = facts.filter(({ confirmed }) => !confirmed).map(({ fact }) => fact);
    const recovery = recoveryMs(this.#history, kill);
    if (broken.length > 0 || recovery === undefined) throw this.#failure(`this was promised and did not happen: ${broken.join("; ")}`);
    const result: unknown = await readResult(this.#project, { id: runId });
    const log = await showLog(this.#project, { id: runId });
    const kept_steps = keptSteps(this.#history);
    return { run_id: runId, killed_pid: pid, killed_step: kill.step, kept_steps, recovery_ms: recovery, result, facts, log, dir, kept: keep };
  }

  // Takes in what the log has by now, and tells of it.
  async #read(runId: RunId): Promise<void> {
    const newer = await this.#project.backend.readHistory(runId, this.#history.length);
    for (const event of newer) {
      this.#history.push(event);
      this.#options.onNews({ kind: "event", event, pid: "workerId" in event ? await this.#pidOf(event.workerId) : undefined });
    }
  }

  async #pidOf(workerId: WorkerId): Promise<number | undefined> {
    if (!this.#pids.has(workerId)) this.#pids = new Map((await this.#project.backend.listWorkers()).map((worker) => [worker.workerId, worker.pid]));
    return this.#pids.get(workerId);
  }

  async #hasCompleted(runId: RunId): Promise<boolean> {
    if (this.#history.at(-1)?.type === "workflow.completed") return true;
    const run = await this.#project.backend.getRun(runId);
    if (run?.status === "failed" || run?.status === "cancelled") throw this.#failure(`the order is ${run.status}`);
    return false;
  }

  #isUnderWay(step: OperationId): boolean {
    const last = this.#history.findLast((event) => "operationId" in event && event.operationId === step);
    return last?.type === "step.started";
  }

  async #charges(): Promise<number> {
    const ledger = await readFile(join(this.#options.dir, "payments.jsonl"), "utf8").catch(() => "");
    return ledger.split("\n").filter((line) => line !== "").length;
  }

  // Waits for a fact, and says which one did not come.
  async #until(what: string, confirmed: () => Promise<boolean>): Promise<void> {
    const { clock } = this.#project;
    const { signal } = this.#options;
    const deadline = clock.monotonic() + patienceMs;
    while (!(await confirmed())) {
      signal.throwIfAborted();
      if (this.#worker.exit !== undefined) throw this.#failure(`waited for ${what}, but the worker is gone: ${this.#worker.exit}`);
      if (clock.monotonic() > deadline) throw this.#failure(`waited ${patienceMs / 1000} s in vain for ${what}`);
      await pause(clock, lookEveryMs);
    }
  }

  #failure(message: string): DemoFailedError {
    const words = this.#worker.lastWords();
    return new DemoFailedError(words === "" ? message : `${message}\nthe worker said:\n${words}`, this.#options.dir);
  }
}
