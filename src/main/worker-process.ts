import { exit } from "node:process";
import { encode } from "../base/codec.js";
import { systemClock } from "../base/clock.js";
import type { Config } from "../config/config.js";
import { WorkflowNotFoundError } from "../core/errors.js";
import { declarationsOf } from "../engine/declarations.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { currentContext } from "../engine/context/current.js";
import type { ExecutorNote } from "../engine/executor.js";
import { registeredWorkflows } from "../engine/registry.js";
import { guardGlobals } from "./deterministic-globals.js";
import { isLoud, logLine } from "./log-line.js";
import type { Loaded } from "../runtime/supervisor/child.js";
import type { Begin, Order, Report } from "../runtime/supervisor/messages.js";
import type { Worker } from "../runtime/worker/worker.js";
import { hostWorker } from "./host-worker.js";
import { loadModules } from "./load-modules.js";
import { openBackend } from "./open-project.js";
import { processLocksOf } from "./process-lock.js";

/** The entry of a worker process: begins when its supervisor says so, and ends when that says so or is gone. */
let worker: Worker | undefined;
let leaving = false;
let graceMs = 0;

process.title = "pyworkflow worker";
process.on("message", (order: Order<Config>) => {
  if (order.type === "begin") void begin(order.begin);
  else stop(order.graceMs);
});
process.on("disconnect", () => stop(graceMs));
process.on("SIGTERM", () => stop(graceMs));
// A terminal sends these to the whole group: the supervisor decides what they mean.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
// The user's modules may hold timers and sockets: only exit() ends this process for certain. This one keeps it until then.
setInterval(() => undefined, 60_000);

async function begin(orders: Begin<Config>): Promise<void> {
  const { config } = orders;
  graceMs = config.worker.shutdownTimeoutMs;
  leaveLastWords(orders);
  try {
    worker = await open(orders);
  } catch (error) {
    await tell({ type: "failed", error: encode(error) });
    leave(1);
  }
  if (orders.tellsMemory) await tellMemoryAgainAndAgain();
  await tell({ type: "ready", ...loaded });
  const end = await worker.ended;
  leave(end === "dead" ? 1 : 0);
}

let loaded: Loaded = { workflows: [], version: "", declarations: [], sources: [] };

async function open(orders: Begin<Config>): Promise<Worker> {
  const { config, workerId, parentId, hostname, concurrency, company } = orders;
  guardGlobals();
  const { version, sources } = await loadModules(config);
  const workflows = chosen(orders.workflows);
  loaded = { workflows: [...workflows.keys()], version, declarations: await declarationsOf(workflows.values(), config), sources };
  const backend = await openBackend(config.storage, { checkpoints: false, mustExist: true });
  return hostWorker({
    config,
    backend,
    workflows,
    company,
    worker: { workerId, parentId, hostname, concurrency, version, role: "worker", pid: process.pid },
    onOutcome: tellOfOutcome(),
    onNote: (note) => write(note, orders),
  });
}

function chosen(names: readonly string[] | undefined): ReadonlyMap<string, WorkflowDefinition> {
  const all = registeredWorkflows();
  if (names === undefined) return all;
  return new Map(names.map((name) => [name, all.get(name) ?? refuse(name, all)]));
}

function refuse(name: string, all: ReadonlyMap<string, unknown>): never {
  throw new WorkflowNotFoundError(name, `the modules define ${[...all.keys()].join(", ") || "no workflow"}`);
}

function stop(stopGraceMs: number): void {
  if (worker === undefined) leave(0);
  void worker.stop(stopGraceMs);
}

function leave(code: number): never {
  leaving = true;
  exit(code);
}

/** A process that ends in the middle of a run's code says so: the loss is charged to that run alone. */
function leaveLastWords({ workerId, config }: Begin<Config>): void {
  const locks = processLocksOf(config.storage);
  const say = (error: string) => {
    const runId = currentContext()?.runId;
    locks.writeLastWords(workerId, { error, ...(runId && { runId }) });
    leaving = true;
  };
  process.on("uncaughtExceptionMonitor", (error) => say(`uncaught ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`));
  process.on("exit", (code) => {
    if (!leaving) say(`process.exit(${code})`);
  });
}

const memoryEveryMs = 1000;

async function tellMemoryAgainAndAgain(): Promise<void> {
  const tellMemory = () => tell({ type: "memory", bytes: process.memoryUsage.rss() });
  await tellMemory();
  setInterval(() => void tellMemory(), memoryEveryMs);
}

const outcomeEveryMs = 500;

function tellOfOutcome(): () => void {
  let toldAt = -Infinity;
  return () => {
    const now = systemClock.monotonic();
    if (now - toldAt < outcomeEveryMs) return;
    toldAt = now;
    void tell({ type: "outcome" });
  };
}

/** Resolves when the report has left this process, or can't reach anybody any more. */
function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(report, undefined, undefined, () => resolve());
  });
}

function write(note: ExecutorNote, { workerId, log }: Begin): void {
  if (isLoud(note, log)) process.stderr.write(`${logLine(note, log.format, { at: systemClock.now(), source: workerId })}\n`);
}
