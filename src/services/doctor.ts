import type { Clock } from "../base/clock.js";
import type { Config } from "../config/config.js";
import { PyworkflowError } from "../core/errors.js";
import { ClockWatch } from "../runtime/scheduler/clock-watch.js";
import type { DoctorOptions, Finding } from "./doctor-finding.js";
import { examineStore, type StoreMeans } from "./doctor-store.js";
import type { Project } from "./project.js";

/** What the machine and the project give; made by `cli`. */
export interface DoctorMeans extends StoreMeans {
  /** Of this process, and the least that the package needs, as `20.19`. */
  readonly node: { readonly version: string; readonly needed: string };
  readonly clock: Clock;
  /** Loads the compiled SQLite; its version. */
  readonly sqliteVersion: () => Promise<string>;
  readonly loadConfig: () => Promise<Config>;
  /** Imports the modules; how many workflows they define. */
  readonly loadModules: (config: Config) => Promise<number>;
  /** Only to read. */
  readonly openStore: () => Promise<Project>;
}

/** Looks at everything that a project rests on. A failure is a finding: nothing is thrown that a person can mend. */
export async function examine(means: DoctorMeans, options: DoctorOptions): Promise<readonly Finding[]> {
  const watch = new ClockWatch(means.clock);
  const sqlite = await attempt("sqlite", async () => ok("sqlite", `SQLite ${await means.sqliteVersion()} loads`), rebuild);
  const findings: Finding[] = [nodeFinding(means.node), sqlite];
  const project: { config?: Config } = {};
  findings.push(await attempt("config", async () => configFinding((project.config = await means.loadConfig()))));
  const { config } = project;
  if (config !== undefined) {
    findings.push(await attempt("modules", async () => modulesFinding(config, await means.loadModules(config))));
    if (sqlite.status === "ok") findings.push(...(await storeFindings(means, config, options)));
  }
  return options.depth === "setup" ? findings : [...findings, jumpFinding(watch.jumpMs())];
}

const rebuild = "npm rebuild better-sqlite3 (after a change of Node, or an install with --ignore-scripts)";

function ok(check: Finding["check"], message: string): Finding {
  return { check, status: "ok", message, fix: null };
}

/** What a check says, or what it died of. Our own bugs go on. */
async function attempt(check: Finding["check"], look: () => Promise<Finding>, fix?: string): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PyworkflowError) return { check, status: "failure", message: error.message, fix: error.hint };
    if (fix === undefined) throw error;
    const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { check, status: "failure", message, fix };
  }
}

/** Exported for its test: another Node can't be had in this process. */
export function nodeFinding({ version, needed }: DoctorMeans["node"]): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = needed.split(".").map(Number);
  const fits = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (fits) return ok("node", `Node ${version}`);
  return { check: "node", status: "failure", message: `Node ${version} is too old: ${needed} or newer is needed`, fix: `install Node ${needed} or newer` };
}

function configFinding({ file }: Config): Finding {
  if (file !== undefined) return ok("config", file);
  return { check: "config", status: "warning", message: "there is no configuration file: flags, variables and defaults hold", fix: "pyworkflow setup writes one; --config names one" };
}

function modulesFinding({ modules }: Config, workflows: number): Finding {
  const named = modules.join(", ");
  if (modules.length === 0) return { check: "modules", status: "warning", message: "no workflow module is named", fix: "pyworkflow setup asks for one; or give --module" };
  if (workflows > 0) return ok("modules", `${named}: ${workflows === 1 ? "1 workflow" : `${workflows} workflows`}`);
  return { check: "modules", status: "warning", message: `${named}: no workflow is defined there`, fix: "export a workflow() from it, or import the module that has one" };
}

async function storeFindings(means: DoctorMeans, config: Config, options: DoctorOptions): Promise<readonly Finding[]> {
  const opened: { project?: Project } = {};
  const failure = await attempt("storage", async () => {
    opened.project = await means.openStore();
    return ok("storage", "");
  });
  if (opened.project === undefined) return [failure];
  try {
    return await examineStore(opened.project, { ...options, config, means });
  } catch (error) {
    // A damaged page is met by whoever reads it first.
    if (error instanceof PyworkflowError) return [{ check: "storage", status: "failure", message: error.message, fix: error.hint }];
    throw error;
  } finally {
    await opened.project.close();
  }
}

function jumpFinding(jumpMs: number): Finding {
  if (jumpMs === 0) return ok("clock", "wall clock and monotonic clock agree");
  return { check: "clock", status: "warning", message: `the wall clock jumped by ${jumpMs / 1000} s while it was looked at`, fix: "let the system's time service slew the clock (chronyd, systemd-timesyncd) instead of setting it" };
}
