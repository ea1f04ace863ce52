import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { editConfig, type ConfigEdit } from "../config/edit-file.js";
import { keys } from "../config/keys.js";
import { loadSettings, type LoadConfigOptions } from "../config/load-config.js";
import { ConfigError, ProjectFolderError } from "../core/errors.js";
import { fill } from "./new-project.js";
import { packageRoot } from "./own-package.js";
import { writeFiles, type WrittenFile } from "./write-files.js";

/** How a project is set up: what its configuration file alone says. */
export interface Setup {
  /** Absolute; the one that will be made, where there is none. */
  readonly file: string;
  /** Its text; undefined where there is no file yet. */
  readonly text: string | undefined;
  readonly modules: readonly string[];
  readonly backend: "sqlite" | "memory";
  /** As it is written, variables expanded; undefined where the file leaves it to the default. */
  readonly storagePath: string | undefined;
}

/** Paths are relative to the folder of the file, as in the file. */
export interface SetupAnswers {
  readonly modules: readonly string[];
  readonly storagePath: string;
}

export interface SetupChange {
  /** As in the file, e.g. `storage.path`. */
  readonly key: ConfigEdit["key"];
  /** Null where the file did not say it. */
  readonly before: string | readonly string[] | null;
  readonly after: string | readonly string[];
}

export interface SetupPlan {
  readonly file: string;
  readonly before: string | undefined;
  /** The same as `before` where there is nothing to change. */
  readonly after: string;
  readonly changes: readonly SetupChange[];
}

// They win over the file, but are not of it.
const overrules = new Set(["PYWORKFLOW_DISCOVER", "PYWORKFLOW_MODULE", "PYWORKFLOW_STORAGE_BACKEND", "PYWORKFLOW_STORAGE_PATH", "PYWORKFLOW_RUNTIME"]);

/** What the configuration file of a project says of modules and storage. Throws ConfigError where it can't be read. */
export async function readSetup({ flags: { config: named }, env, ...options }: LoadConfigOptions): Promise<Setup> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !overrules.has(name)));
  const { config, settings } = await loadSettings({ ...options, env: own, flags: named === undefined ? {} : { config: named } });
  const { file = join(options.cwd, "pyworkflow.config.yaml") } = config;
  return {
    file,
    text: existsSync(file) ? await readFile(file, "utf8") : undefined,
    modules: config.modules,
    backend: config.storage.backend,
    storagePath: settings.find(keys.path)?.value,
  };
}

/** Those of the variables that are set: they win over whatever the file says. */
export function overruling(env: LoadConfigOptions["env"]): readonly string[] {
  return [...overrules].filter((name) => (env[name] ?? "") !== "");
}

export const defaultStoragePath = keys.path.fallback;

/** A module as the file has it: what is no path, the name of a package, stays. `from` is the folder in which it was typed. */
export function moduleInFile(module: string, from: string, file: string): string {
  const isPath = module.startsWith(".") || isAbsolute(module) || /[*?{]/.test(module) || existsSync(resolve(from, module));
  return isPath ? pathInFile(module, from, file) : module;
}

/** A path as the file has it: relative to its folder where it lies below, or was relative before. */
export function pathInFile(path: string, from: string, file: string): string {
  const short = relative(dirname(file), resolve(from, path)).split(sep).join("/");
  if (short.startsWith("..")) return isAbsolute(path) ? path : short;
  return short === "" ? "." : `./${short}`;
}

/** What the file would say with these answers. Throws ConfigError where that has to be written by hand. */
export async function planSetup(setup: Setup, answers: SetupAnswers): Promise<SetupPlan> {
  const { file, text } = setup;
  const changes = text === undefined ? allOf(answers) : differences(setup, answers);
  const plan = { file, before: text, changes };
  if (changes.length === 0) return { ...plan, after: text ?? "" };
  if ([".js", ".mjs", ".ts"].includes(extname(file))) throw isProgram(file, changes);
  const edits = changes.map(({ key, after }) => ({ key, value: after }));
  return { ...plan, after: editConfig(file, text === undefined || text.trim() === "" ? await commentedConfig() : text, edits) };
}

function allOf({ modules, storagePath }: SetupAnswers): readonly SetupChange[] {
  return [change("modules", null, modules), change("storage.backend", null, "sqlite"), change("storage.path", null, storagePath)];
}

function differences(setup: Setup, { modules, storagePath }: SetupAnswers): readonly SetupChange[] {
  const same = (left: string, right: string): boolean => resolve(dirname(setup.file), left) === resolve(dirname(setup.file), right);
  const samePath = same(setup.storagePath ?? defaultStoragePath, storagePath);
  const sameModules = setup.modules.length === modules.length && setup.modules.every((module, index) => same(module, modules[index] ?? ""));
  return [
    ...(sameModules ? [] : [change("modules", setup.modules.length === 0 ? null : setup.modules, modules)]),
    ...(setup.backend === "sqlite" ? [] : [change("storage.backend", setup.backend, "sqlite")]),
    ...(samePath ? [] : [change("storage.path", setup.storagePath ?? null, storagePath)]),
  ];
}

function change(key: ConfigEdit["key"], before: SetupChange["before"], after: SetupChange["after"]): SetupChange {
  return { key, before, after };
}

function isProgram(file: string, changes: readonly SetupChange[]): ConfigError {
  const lines = changes.map(({ key, after }) => `${key}: ${JSON.stringify(after)}`);
  return new ConfigError("it is a program, which is changed by hand only", { place: file, hint: `let it export ${lines.join(", ")}` });
}

/** The one that new projects get, every key explained. */
async function commentedConfig(): Promise<string> {
  const template = await readFile(join(packageRoot, "templates", "common", "pyworkflow.config.yaml"), "utf8");
  return fill(template, { storage: "sqlite" });
}

/** What was set up, under the names that JSON shows. */
export interface SetupResult {
  /** The configuration file, absolute. */
  readonly path: string;
  readonly action: WrittenFile["action"];
  /** What was there before, beside the file; null where nothing was replaced. */
  readonly backup: string | null;
  readonly changes: readonly SetupChange[];
  /** Nothing was written: `action` is what would be done. */
  readonly dry_run: boolean;
}

/** What the plan would do. */
export function plannedResult(plan: SetupPlan): SetupResult {
  return { path: plan.file, action: actionOf(plan), backup: null, changes: plan.changes, dry_run: true };
}

function actionOf({ before, after }: SetupPlan): "created" | "unchanged" | "replaced" {
  if (before === after) return "unchanged";
  return before === undefined ? "created" : "replaced";
}

/** Writes what was planned, with a backup of what was there; all or nothing. Throws ConfigError where the file changed since it was read. */
export async function writeSetup(plan: SetupPlan, signal?: AbortSignal): Promise<SetupResult> {
  const { file, before, after, changes } = plan;
  const action = actionOf(plan);
  const result = { path: file, action, backup: null, changes, dry_run: false };
  if (action === "unchanged") return result;
  const target = existsSync(file) ? await realpath(file) : file; // a link stays one
  const present = existsSync(target) ? await readFile(target, "utf8") : undefined;
  if (present !== before) throw new ConfigError("it was changed by somebody else meanwhile", { place: file, hint: "nothing was written; set up again" });
  const [written] = await writeFiles(dirname(target), [{ path: basename(target), content: after, action }], signal);
  if (written === undefined) throw new ProjectFolderError(target, "it was not written");
  return { ...result, backup: written.backup };
}
