import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { ConfigError } from "../core/errors.js";
import type { Config, StorageConfig } from "./config.js";
import type { Variables } from "./expand.js";
import { findConfigFile, namedConfigFile } from "./find-file.js";
import { type Key, keys } from "./keys.js";
import type { LoadScript } from "./read-file.js";
import { type Entries, type Setting, Settings } from "./settings.js";

/** What the command line was given, as written. */
export interface ConfigFlags {
  readonly module?: readonly string[];
  readonly storage?: string;
  readonly storagePath?: string;
  /** False: no file at all. */
  readonly config?: string | false;
  readonly runtime?: string;
  /** Only a program can say this: `openEngine({ recovery })`. */
  readonly recovery?: Partial<Config["recovery"]>;
}

export interface LoadConfigOptions {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Variables;
  readonly flags: ConfigFlags;
  /** Without it a `.js`, `.mjs` or `.ts` configuration is refused. */
  readonly loadScript?: LoadScript;
}

/**
 * The configuration: flags over environment over file over defaults, frozen.
 * What they don't say rightly is a ConfigError with the place (`file:line:column`, flag or variable) and what to write.
 */
export async function loadConfig(options: LoadConfigOptions): Promise<Config> {
  return (await loadSettings(options)).config;
}

/** The same, with the settings it was made of: they know where each value was given. */
export async function loadSettings(options: LoadConfigOptions): Promise<{ readonly config: Config; readonly settings: Settings }> {
  const file = await configFile(options);
  const root = file === undefined ? options.cwd : dirname(file);
  const layers = [fromFlags(options.flags), fromEnvironment(options.env), await fromFile(file, options)];
  const settings = new Settings(layers);
  settings.find(keys.runtime); // has one value today: looked up to be checked
  const base = { root, cwd: options.cwd };
  const config = freeze({
    root,
    ...(file === undefined ? {} : { file }),
    ...modulesOf(settings, base),
    storage: storageOf(settings, base),
    ...blocksOf(settings),
  });
  return { config, settings };
}

async function configFile({ cwd, env, flags }: LoadConfigOptions): Promise<string | undefined> {
  if (flags.config === false) return undefined;
  if (flags.config !== undefined) return namedConfigFile(flags.config, "--config", cwd);
  const variable = env["PYWORKFLOW_CONFIG"];
  return variable ? namedConfigFile(variable, "PYWORKFLOW_CONFIG", cwd) : findConfigFile(cwd);
}

function fromFlags({ module, storage, storagePath, runtime, recovery }: ConfigFlags): Entries {
  return entries([
    [keys.modules, module?.length === 0 ? undefined : module, "--module"],
    [keys.backend, storage, "--storage"],
    [keys.path, storagePath, "--storage-path"],
    [keys.runtime, runtime, "--runtime"],
    [keys.recoverOnWorkerLoss, recovery?.recoverOnWorkerLoss, "openEngine({ recovery })"],
    [keys.maxRecoveryAttempts, recovery?.maxRecoveryAttempts, "openEngine({ recovery })"],
  ]);
}

function fromEnvironment(env: Variables): Entries {
  // An empty variable is how a shell unsets one.
  const text = (name: string): string | undefined => (env[name] === "" ? undefined : env[name]);
  const list = (name: string): string[] | undefined => text(name)?.split(",").map((item) => item.trim());
  return entries([
    [keys.modules, list("PYWORKFLOW_DISCOVER"), "PYWORKFLOW_DISCOVER"],
    [keys.modules, list("PYWORKFLOW_MODULE"), "PYWORKFLOW_MODULE"],
    [keys.backend, text("PYWORKFLOW_STORAGE_BACKEND"), "PYWORKFLOW_STORAGE_BACKEND"],
    [keys.path, text("PYWORKFLOW_STORAGE_PATH"), "PYWORKFLOW_STORAGE_PATH"],
    [keys.runtime, text("PYWORKFLOW_RUNTIME"), "PYWORKFLOW_RUNTIME"],
  ]);
}

function entries(rows: readonly (readonly [Key<unknown>, unknown, string])[]): Entries {
  const given = rows.filter(([, value]) => value !== undefined);
  return new Map(given.map(([key, value, place]) => [key.path, { value, place }]));
}

async function fromFile(file: string | undefined, options: LoadConfigOptions): Promise<Entries> {
  if (file === undefined) return new Map();
  const { readConfigFile } = await import("./read-file.js");
  return readConfigFile(file, options);
}

// The layers as they are handed to Settings: flags, environment, file.
const fileLayer = 2;

interface Base {
  readonly root: string;
  readonly cwd: string;
}

function modulesOf(settings: Settings, base: Base): Pick<Config, "modules" | "modulePlaces"> {
  const one = settings.find(keys.module);
  const several = settings.find(keys.modules);
  const layer = Math.min(one?.layer ?? fileLayer, several?.layer ?? fileLayer);
  const written = [one, several].filter((setting) => setting?.layer === layer);
  const all = written.flatMap((setting) => (setting === undefined ? [] : items(setting)));
  for (const { module, place } of all) refuseDotted(module, place, layer === fileLayer ? base.root : base.cwd);
  return {
    modules: all.map(({ module }) => (layer === fileLayer ? module : fromCwd(module, base.cwd))),
    modulePlaces: all.map(({ place }) => place),
  };
}

function items({ value, place, itemPlaces }: Setting<string | readonly string[]>): { module: string; place: string }[] {
  return [value].flat().map((module, index) => ({ module, place: itemPlaces?.[index] ?? place }));
}

// The original takes Python's dotted names. A package may have a dot in its name, so what exists is believed.
function refuseDotted(module: string, place: string, folder: string): void {
  const dotted = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(module) && !/\.[cm]?[jt]sx?$/.test(module);
  if (!dotted || existsSync(resolve(folder, module)) || isPackage(module, folder)) return;
  const hint = `write the path of the file or folder: ./${module.replaceAll(".", "/")}`;
  throw new ConfigError(`${module} is a dotted name, which only Python has`, { place, hint });
}

function isPackage(name: string, folder: string): boolean {
  if (existsSync(join(folder, "node_modules", name))) return true;
  return dirname(folder) !== folder && isPackage(name, dirname(folder));
}

// Whoever types a path means the folder they are in; a package is looked for from the root, as everywhere.
function fromCwd(module: string, cwd: string): string {
  const path = resolve(cwd, module);
  const glob = /[*?{]/.test(module);
  return module.startsWith(".") || glob || existsSync(path) ? path : module;
}

function storageOf(settings: Settings, { root, cwd }: Base): StorageConfig {
  const backend = settings.find(keys.backend);
  const path = settings.find(keys.path);
  const durability = settings.find(keys.durability);
  if (path !== undefined) refuseUrl(path);
  if (backend?.value === "memory") {
    for (const idle of [path, durability]) refuseIdle(idle, backend);
    return { backend: "memory" };
  }
  const written = path?.value ?? keys.path.fallback;
  const base = path !== undefined && path.layer < fileLayer ? cwd : root;
  return { backend: "sqlite", path: isAbsolute(written) ? written : resolve(base, written), durability: settings.get(keys.durability) };
}

function refuseUrl({ value, place }: Setting<string>): void {
  const [, rest] = /^(?:sqlite|file):(?!\/\/)(.*)$/.exec(value) ?? [];
  if (value === ":memory:" || rest === ":memory:") throw new ConfigError(`${value} is no file`, { place, hint: "a store in memory is storage backend memory" });
  if (rest !== undefined) throw new ConfigError(`storage.path is ${value}, expected a path alone`, { place, hint: `write ${rest || "the path of a file"}` });
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(value)) return;
  throw new ConfigError("storage.path is a URL, expected a file: no backend that has a URL exists yet", { place, hint: "write the path of a file" });
}

// A path that memory ignores would let people believe that their runs are kept. A stronger layer may overrule a weaker one.
function refuseIdle(idle: Setting<string> | undefined, backend: Setting<string>): void {
  if (idle === undefined || idle.layer > backend.layer) return;
  throw new ConfigError("this has no meaning with storage backend memory", { place: idle.place, hint: "remove it, or write backend: sqlite" });
}

function blocksOf(settings: Settings): Pick<Config, "recovery" | "worker" | "retention" | "limits"> {
  const recoverOnWorkerLoss = settings.find(keys.recoverOnWorkerLoss)?.value;
  const processes = settings.find(keys.processes)?.value;
  const maxMemoryBytes = settings.find(keys.maxMemoryBytes)?.value;
  return {
    recovery: {
      ...(recoverOnWorkerLoss === undefined ? {} : { recoverOnWorkerLoss }),
      maxRecoveryAttempts: settings.get(keys.maxRecoveryAttempts),
    },
    worker: {
      ...(processes === undefined ? {} : { processes }),
      concurrency: settings.get(keys.concurrency),
      shutdownTimeoutMs: settings.get(keys.shutdownTimeoutMs),
      leaseMs: settings.get(keys.leaseMs),
      maxBlockMs: settings.get(keys.maxBlockMs),
      ...(maxMemoryBytes === undefined ? {} : { maxMemoryBytes }),
    },
    retention: retentionOf(settings),
    limits: {
      eventSoft: settings.get(keys.eventSoft),
      eventHard: settings.get(keys.eventHard),
      eventWarningInterval: settings.get(keys.eventWarningInterval),
      payloadBytes: settings.get(keys.payloadBytes),
    },
  };
}

function retentionOf(settings: Settings): Config["retention"] {
  const { completedMs, failedMs, cancelledMs, ticksMs } = keys;
  const given = Object.entries({ completedMs, failedMs, cancelledMs, ticksMs }).map(([name, key]) => [name, settings.find(key)?.value] as const);
  return Object.fromEntries(given.filter(([, ms]) => ms !== undefined));
}

function freeze(config: Config): Config {
  for (const part of Object.values(config)) Object.freeze(part);
  return Object.freeze(config);
}
