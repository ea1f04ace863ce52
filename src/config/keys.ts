import { parseBytes } from "../base/bytes.js";
import { parseDurationMs, writeDuration } from "../base/duration.js";
import type { JsonSchema } from "../base/json.js";
import { defaults } from "../core/defaults.js";

/** One key of the configuration: what it is called, what it takes, and what it means. */
export interface Key<T> {
  /** As in the file, e.g. `worker.concurrency`. */
  readonly path: string;
  /** Completes "expected …". */
  readonly expects: string;
  readonly doc: string;
  /** The words it takes, where it takes only some. */
  readonly choices?: readonly string[];
  /** The same for editors. */
  readonly schema: JsonSchema;
  /** The value is a time in milliseconds, which the file has as a duration. */
  readonly isDuration?: true;
  /** The value as the program wants it, or undefined where it is not what the key expects. */
  readonly read: (value: unknown) => T | undefined;
}

/** A key that always has a value. */
export interface DefaultedKey<T> extends Key<T> {
  readonly fallback: T;
}

const { recovery, worker, limits } = defaults;

const aText: JsonSchema = { type: "string", pattern: String.raw`\S` };
const sizePattern = String.raw`^\s*\d+(\.\d+)?\s*[kKmMgG]?(i?[bB])?\s*$`;
const durationPattern = String.raw`^\s*(\d+(\.\d+)?(ms|[smhdw]))+\s*$`;

/** Every key there is. The reading, the checks and the hints follow this table. */
export const keys = {
  module: text("module", "a file, a folder, a glob or a package with workflows"),
  modules: texts("modules", "several of what module takes"),
  runtime: or("local", choice("runtime", ["local"], "where runs execute: in worker processes of this machine")),
  backend: or("sqlite", choice("storage.backend", ["sqlite", "memory"], "what keeps the runs; memory forgets them with the process")),
  path: or("./pyworkflow_data/pyworkflow.db", text("storage.path", "the database file, relative to the config file")),
  durability: or(
    "full",
    choice("storage.durability", ["full", "normal"], "full survives a power cut; normal is faster and survives a crash of the process"),
  ),
  recoverOnWorkerLoss: flag("recovery.recover_on_worker_loss", "whether a run goes on after its worker was lost"),
  maxRecoveryAttempts: or(
    recovery.maxRecoveryAttempts,
    whole("recovery.max_recovery_attempts", 0, "losses of its worker that a run survives without a new outcome"),
  ),
  processes: whole("worker.processes", 1, "worker processes; one for each core where it is left out"),
  concurrency: or(worker.concurrency, whole("worker.concurrency", 1, "runs at a time in one process")),
  shutdownTimeoutMs: or(worker.shutdownTimeoutMs, duration("worker.shutdown_timeout", "0s", "what running steps get to finish when a worker stops")),
  leaseMs: or(worker.leaseMs, duration("worker.lease", "1s", "a worker whose heartbeat stands still for this long is dead")),
  maxBlockMs: or(worker.maxBlockMs, duration("worker.max_block", "1s", "an event loop that is blocked for this long is killed")),
  maxMemoryBytes: size("worker.max_memory", "32M", "a worker process that grows past this is replaced by a fresh one; without a limit where it is left out"),
  completedMs: duration("retention.completed", "1m", "how long completed runs are kept, and runs that continued as new; for ever where it is left out"),
  failedMs: duration("retention.failed", "1m", "how long failed runs are kept; for ever where it is left out"),
  cancelledMs: duration("retention.cancelled", "1m", "how long cancelled runs are kept; for ever where it is left out"),
  ticksMs: duration("retention.ticks", "1m", "how long the ledgers of schedules keep a due time; for ever where it is left out"),
  eventSoft: or(limits.eventSoft, whole("limits.event_soft", 1, "events of one run from which on it is warned about")),
  eventHard: or(limits.eventHard, whole("limits.event_hard", 1, "events of one run at which it fails")),
  eventWarningInterval: or(limits.eventWarningInterval, whole("limits.event_warning_interval", 1, "events between two warnings")),
  payloadBytes: or(limits.payloadBytes, whole("limits.payload_bytes", 1, "largest input, argument or result, in bytes")),
} as const;

/** Every path of the table, in its order. */
export const paths: readonly string[] = Object.values(keys).map(({ path }) => path);

/** Other names that the Python original has for a key of ours. */
export const aliases: ReadonlyMap<string, string> = new Map([
  ["storage.type", "storage.backend"],
  ["storage.base_path", "storage.path"],
]);

/** Keys (`key`) and values (`key=value`) that people have reason to write and that do not work: why, and what to write. */
export const refused: ReadonlyMap<string, Refusal> = new Map([
  [
    "celery",
    {
      why: "there is no Celery here: workers share the store and need no broker",
      hint: "remove the block; worker: { processes: 2, concurrency: 100 } sets how many runs execute at a time",
    },
  ],
  [
    "runtime=celery",
    {
      why: "there is no Celery here: workers share the store and need no broker",
      hint: "write runtime: local; runtime: bullmq, for many machines, will take Celery's place and does not exist yet",
    },
  ],
  ["runtime=bullmq", { why: "runtime bullmq does not exist yet", hint: "write runtime: local" }],
  ...["file", "postgres", "mysql", "dynamodb"].map(notYet),
]);

interface Refusal {
  readonly why: string;
  readonly hint: string;
}

function notYet(backend: string): [string, Refusal] {
  const hint = "write backend: sqlite (or memory, which forgets)";
  return [`storage.backend=${backend}`, { why: `storage backend ${backend} does not exist yet`, hint }];
}

function or<T>(fallback: NoInfer<T>, key: Key<T>): DefaultedKey<T> {
  return { ...key, fallback };
}

function text(path: string, doc: string): Key<string> {
  return { path, doc, expects: "a text", schema: aText, read: (value) => (isText(value) ? value : undefined) };
}

function texts(path: string, doc: string): Key<readonly string[]> {
  const schema = { type: "array", items: aText };
  return { path, doc, expects: "a list of texts", schema, read: (value) => (Array.isArray(value) && value.every(isText) ? value : undefined) };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

function choice<const T extends string>(path: string, choices: readonly T[], doc: string): Key<T> {
  return { path, doc, choices, expects: choices.join(" or "), schema: { enum: choices }, read: (value) => choices.find((word) => word === value) };
}

function flag(path: string, doc: string): Key<boolean> {
  return { path, doc, expects: "true or false", schema: { type: "boolean" }, read: (value) => (typeof value === "boolean" ? value : undefined) };
}

function whole(path: string, least: number, doc: string): Key<number> {
  const fits = (value: unknown): value is number => typeof value === "number" && Number.isSafeInteger(value) && value >= least;
  const schema = { type: "integer", minimum: least };
  return { path, doc, schema, expects: `a whole number from ${least} up`, read: (value) => (fits(value) ? value : undefined) };
}

function duration(path: string, least: string, doc: string): Key<number> {
  const leastMs = parseDurationMs(least) ?? 0;
  const read = (value: unknown): number | undefined => {
    const ms = typeof value === "string" || typeof value === "number" ? parseDurationMs(value) : undefined;
    return ms !== undefined && ms >= leastMs ? ms : undefined;
  };
  const schema = { anyOf: [{ type: "string", pattern: durationPattern }, { type: "number", minimum: leastMs / 1000 }], examples: [writeDuration(Math.max(leastMs, 90_000))] };
  return { path, doc, read, schema, isDuration: true, expects: `a duration from ${least} up (${examplesFrom(leastMs)}, or a number of seconds)` };
}

// Of a time that must be long, "30s" would be refused itself.
function examplesFrom(leastMs: number): string {
  return leastMs > 30_000 ? '"1h", "30d"' : '"30s", "1h30m"';
}

function size(path: string, least: string, doc: string): Key<number> {
  const leastBytes = parseBytes(least) ?? 0;
  const read = (value: unknown): number | undefined => {
    const bytes = parseBytes(value);
    return bytes !== undefined && bytes >= leastBytes ? bytes : undefined;
  };
  const schema = { anyOf: [{ type: "string", pattern: sizePattern }, { type: "integer", minimum: leastBytes }], examples: ["512M", "1.5G"] };
  return { path, doc, read, schema, expects: `a size from ${least} up ("512M", "1.5G")` };
}
