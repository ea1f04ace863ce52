import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { EventType, RecordedEvent } from "../../src/core/events/event.js";
import { newRunId, type OperationId, type RunId } from "../../src/core/ids.js";
import { isTerminal, type NewRun, type RunRecord } from "../../src/core/run.js";
import { requestCancellation } from "../../src/engine/cancel-run.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { bareEnvironment, newFolder } from "./cli.js";

/** A folder with workflows, a store and the processes that work on it. */
export class TestProject {
  readonly folder = newFolder();
  /** Given to the processes beside the bare environment. */
  readonly env: Record<string, string> = {};
  readonly #supervisors: WorkerCommand[] = [];

  /** `settings` are lines under `worker:` of the configuration. */
  constructor(settings: Readonly<Record<string, string | number>> = {}) {
    cpSync(resolve("test/fixtures/workflows"), join(this.path, "workflows"), { recursive: true });
    const worker = Object.entries({ shutdown_timeout: "20s", ...settings }).map(([key, value]) => `  ${key}: ${value}\n`);
    writeFileSync(join(this.path, "pyworkflow.config.yaml"), `module: ./workflows\nstorage: { backend: sqlite, path: ./store.db, durability: normal }\nworker:\n${worker.join("")}`);
    // The fixtures are ES modules.
    writeFileSync(join(this.path, "package.json"), '{ "type": "module" }\n');
  }

  get path(): string {
    return this.folder.path;
  }

  /** Ends what still runs and removes the folder. */
  async remove(): Promise<void> {
    for (const supervisor of this.#supervisors) await supervisor.end();
    this.folder.remove();
  }

  /** `worker run`, a real one. */
  runWorkers(...flags: readonly string[]): WorkerCommand {
    return this.#run("worker", flags);
  }

  /** `scheduler run`, a real one. */
  runScheduler(...flags: readonly string[]): WorkerCommand {
    return this.#run("scheduler", flags);
  }

  #run(topic: "worker" | "scheduler", flags: readonly string[]): WorkerCommand {
    const command = new WorkerCommand(this, topic, flags);
    this.#supervisors.push(command);
    return command;
  }

  touch(name: string, text = ""): void {
    writeFileSync(join(this.path, name), text);
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  /** The lines that steps wrote, `what pid`, in the order of writing. */
  effects(): readonly { readonly what: string; readonly pid: number }[] {
    const file = join(this.path, "effects.txt");
    const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
    return lines.map((line) => ({ what: line.slice(0, line.lastIndexOf(" ")), pid: Number(line.slice(line.lastIndexOf(" "))) }));
  }

  /** The process that wrote this effect, as soon as there is one. */
  async pidOf(what: string): Promise<number> {
    const found = await until(`the effect ${what}`, () => this.effects().find((effect) => effect.what === what));
    return found.pid;
  }

  async startRun(workflowName: string, input?: unknown, more: Partial<NewRun> = {}): Promise<RunId> {
    const [runId] = await this.startRuns(workflowName, [input], more);
    if (runId === undefined) throw new Error("no run was started");
    return runId;
  }

  async startRuns(workflowName: string, inputs: readonly unknown[], more: Partial<NewRun> = {}): Promise<readonly RunId[]> {
    return this.withStore(async (store) => {
      const ids: RunId[] = [];
      for (const input of inputs) {
        const createdAt = systemClock.now();
        const settings = { durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3, nestingDepth: 0 };
        const { runId } = await store.createRun({ runId: newRunId(createdAt, randomBytes), workflowName, input: encode(input), createdAt, ...settings, ...more });
        ids.push(runId);
      }
      return ids;
    });
  }

  async run(runId: RunId): Promise<RunRecord> {
    const run = await this.withStore((store) => store.getRun(runId));
    if (run === undefined) throw new Error(`there is no run ${runId}`);
    return run;
  }

  async history(runId: RunId): Promise<readonly RecordedEvent[]> {
    return this.withStore((store) => store.readHistory(runId, 0));
  }

  /** The types of the run's events, in order. */
  async eventTypes(runId: RunId): Promise<readonly string[]> {
    return (await this.history(runId)).map(({ type }) => type);
  }

  ended(runId: RunId, withinMs = patienceMs): Promise<RunRecord> {
    const look = async () => {
      const run = await this.run(runId);
      return isTerminal(run.status) ? run : undefined;
    };
    return until(`${runId} to end`, look, { withinMs });
  }

  runOnce(runId: RunId, holds: (run: RunRecord) => boolean): Promise<RunRecord> {
    return until(`${runId} to change`, async () => {
      const run = await this.run(runId);
      return holds(run) ? run : undefined;
    });
  }

  /**
   * The worker that will have written the n-th event of this type is killed right after that commit, or with it all of its process group. To be
   * called before the workers start; resolves to what waits for that.
   */
  diesAfter(after: EventType, { nth = 1, all = false }: { readonly nth?: number; readonly all?: boolean } = {}): () => Promise<true> {
    this.touch("dies.json", JSON.stringify({ after, nth, all }));
    this.env["NODE_OPTIONS"] = `--require ${resolve("test/fixtures/dying.cjs")}`;
    return () => until(`a death after ${after}`, () => (this.has("died.json") ? true : undefined));
  }

  /** Somebody outside gives a pending hook its payload. */
  async resumeHook(runId: RunId, operationId: OperationId, payload: unknown): Promise<void> {
    await this.withStore((store) => store.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId, value: encode(payload) }] }]));
  }

  /** Somebody outside asks the run to end. */
  async cancel(runId: RunId): Promise<void> {
    await this.withStore((store) => requestCancellation(store, systemClock, { runId, requestedBy: "the test" }));
  }

  async workers() {
    return this.withStore((store) => store.listWorkers());
  }

  /** So many processes claim, of all commands together: the banner comes with the first of a command. */
  async online(processes: number): Promise<void> {
    await until(`${processes} processes to claim`, async () => {
      const online = (await this.workers()).filter(({ role, status }) => role === "worker" && status === "online");
      return online.length === processes ? true : undefined;
    });
  }

  async livingPids(): Promise<readonly number[]> {
    return (await this.workers()).filter(({ status, role }) => status !== "dead" && role === "worker").map(({ pid }) => pid);
  }

  async withStore<T>(use: (store: Awaited<ReturnType<typeof openSqlite>>) => Promise<T>): Promise<T> {
    const store = await openSqlite({ path: join(this.path, "store.db"), durability: "normal" });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }
}

/** A `worker run` or `scheduler run` in a process group of its own. */
export class WorkerCommand {
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #topic: "worker" | "scheduler";
  #stderr = "";

  constructor({ path: cwd, env }: Pick<TestProject, "path" | "env">, topic: "worker" | "scheduler", flags: readonly string[]) {
    this.#topic = topic;
    this.process = spawn(process.execPath, [resolve("bin/run.js"), topic, "run", ...flags], { cwd, env: { ...bareEnvironment(), ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.process.stdout?.resume();
    this.exited = new Promise((settle) => {
      this.process.once("exit", settle);
    });
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** The banner is printed: a process claims, or the schedules are looked at. */
  async ready(): Promise<this> {
    await until("the banner", () => (this.#stderr.includes(`pyworkflow ${this.#topic}`) ? true : undefined), { tell: () => this.#stderr });
    return this;
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** SIGKILL to the supervisor and all of its processes at the same moment. */
  killAll(): void {
    try {
      process.kill(-(this.process.pid ?? 0), "SIGKILL");
    } catch {
      // they are gone already
    }
  }

  async end(): Promise<void> {
    this.killAll();
    if (this.process.exitCode === null && this.process.signalCode === null) await this.exited;
  }
}

// So long only where what is waited for never comes: a busy machine may stall for many seconds.
const patienceMs = 60_000;

interface Patience {
  /** What a failure shows. */
  readonly tell?: () => string;
  readonly withinMs?: number;
}

/** The value, as soon as there is one. */
export async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined, { tell = () => "", withinMs = patienceMs }: Patience = {}): Promise<T> {
  const end = systemClock.monotonic() + withinMs;
  while (systemClock.monotonic() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(20);
  }
  throw new Error(`waited in vain for ${what}\n${tell()}`);
}

/** False for a process that has ended, also while its stopped parent has not taken note of it. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" });
  return stdout.trim() !== "" && !stdout.startsWith("Z");
}
