import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { loadConfig } from "../config/load-config.js";
import { ConfigError, PyworkflowError } from "../core/errors.js";
import { findModules } from "../main/modules/find.js";
import { proposeModules } from "../services/propose-modules.js";
import { defaultStoragePath, moduleInFile, pathInFile, type Setup, type SetupAnswers } from "../services/setup.js";
import { ask, choose, demandTerminal } from "./prompts.js";
import { UsageError } from "./usage-error.js";

export interface SetupFlags {
  readonly module?: readonly string[];
  readonly storage?: string;
  readonly storagePath?: string;
}

export interface Asking {
  readonly flags: SetupFlags;
  readonly cwd: string;
  /** False: what no flag says is as it was, or is found. */
  readonly mayAsk: boolean;
}

/** What flags say, and what they don't by question. What can't be is refused with its flag. */
export async function setupAnswers(setup: Setup, { flags, cwd, mayAsk }: Asking): Promise<SetupAnswers> {
  if (flags.storage === "memory") throw new UsageError("--storage memory forgets all runs with its process: no project is set up like that", "leave --storage out");
  const { file } = setup;
  const isComplete = flags.module !== undefined && flags.storagePath !== undefined;
  if (mayAsk && !isComplete) demandTerminal("--non-interactive takes the answers from --module and --storage-path, and what they don't say is as it was");
  const modules = flags.module?.map((module) => moduleInFile(module, cwd, file)) ?? (await otherModules(setup, mayAsk));
  for (const module of modules) findModules(dirname(file), { module, place: flags.module === undefined ? file : "--module" });
  return { modules, storagePath: await pathOf(setup, { flags, cwd, mayAsk }) };
}

async function otherModules(setup: Setup, mayAsk: boolean): Promise<readonly string[]> {
  const folder = dirname(setup.file);
  if (!mayAsk && setup.modules.length > 0) return setup.modules;
  const proposals = await proposeModules(folder);
  const [first] = proposals;
  if (!mayAsk && first === undefined) throw new UsageError(`no module in ${folder} makes a workflow`, "name one with --module; pyworkflow quickstart writes a project with workflows");
  return mayAsk ? askModules(setup, proposals) : (first ?? []);
}

const another = "another";

async function askModules(setup: Setup, proposals: readonly (readonly string[])[]): Promise<readonly string[]> {
  const present = setup.modules.join(", ");
  const offers = new Map(proposals.map((modules) => [modules.join(", "), { modules, description: "found" }]));
  // What was chosen before comes first, unless it is gone.
  const objections = await Promise.all(setup.modules.map((module) => objection(setup, module)));
  const isThere = present !== "" && objections.every((found) => found === undefined);
  const kept = isThere ? [[present, { modules: setup.modules, description: "as it is" }] as const] : [];
  const all = new Map([...kept, ...[...offers].filter(([name]) => name !== present)]);
  if (all.size > 0) {
    const choices = [...all].map(([value, { description }]) => ({ value, description }));
    const chosen = all.get(await choose("Where are the workflows?", [...choices, { value: another, description: "file, folder or package" }], "--module names it"));
    if (chosen !== undefined) return chosen.modules;
  }
  const named = await ask("File, folder, glob or package with workflows", undefined, (module) => objection(setup, module));
  return [moduleInFile(named, dirname(setup.file), setup.file)];
}

async function objection({ file }: Setup, module: string): Promise<string | undefined> {
  if (module.trim() === "") return "name one; pyworkflow quickstart writes a project that has workflows";
  return messageOf(async () => findModules(dirname(file), { module, place: "module" }));
}

async function pathOf({ file, storagePath = defaultStoragePath }: Setup, { flags, cwd, mayAsk }: Asking): Promise<string> {
  const { storagePath: given } = flags;
  if (given !== undefined) {
    await checkPath(given, cwd);
    return pathInFile(given, cwd, file);
  }
  if (!mayAsk) return storagePath;
  const folder = dirname(file);
  return pathInFile(await ask("Database file", storagePath, (path) => messageOf(() => checkPath(path, folder))), folder, file);
}

/** As the configuration takes it: no URL, no folder. */
async function checkPath(path: string, from: string): Promise<void> {
  await loadConfig({ cwd: from, env: {}, flags: { config: false, storagePath: path } });
  const isFolder = statSync(resolve(from, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder) throw new ConfigError(`${path} is a folder`, { place: "--storage-path", hint: `name a file in it: ${path.replace(/\/$/, "")}/pyworkflow.db` });
}

async function messageOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof PyworkflowError) return `${error.message}; ${error.hint}`;
    throw error;
  }
}
