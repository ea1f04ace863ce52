import type { Clock } from "../base/clock.js";
import { counted } from "../base/plural.js";
import type { Config } from "../config/config.js";
import { ClockWatch } from "../runtime/scheduler/clock-watch.js";
import { attempt, failure, ok, warning, type DoctorOptions, type Finding } from "./doctor-finding.js";
import { diskFindings, examineStore, type StoreMeans } from "./doctor-store.js";
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
  const sqlite = await attempt("sqlite", async () => [ok("sqlite", `SQLite ${await means.sqliteVersion()} loads`)], rebuild);
  const sqliteLoads = sqlite.every(({ status }) => status === "ok");
  const found = await attempt("config", async () => {
    const config = await means.loadConfig();
    return [configFinding(config), ...(await modulesFindings(means, config)), ...(sqliteLoads ? await storeFindings(means, config, options) : [])];
  });
  const findings = [nodeFinding(means.node), ...sqlite, ...found];
  return options.depth === "setup" ? findings : [...findings, jumpFinding(watch.jumpMs())];
}

const rebuild = "npm rebuild better-sqlite3 (after a change of Node, or an install with --ignore-scripts)";

/** Exported for its test: another Node can't be had in this process. */
export function nodeFinding({ version, needed }: DoctorMeans["node"]): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = needed.split(".").map(Number);
  const fits = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  if (fits) return ok("node", `Node ${version}`);
  return failure("node", `Node ${version} is too old: ${needed} or newer is needed`, `install Node ${needed} or newer`);
}

function configFinding({ file }: Config): Finding {
  if (file !== undefined) return ok("config", file);
  return warning("config", "there is no configuration file: flags, variables and defaults hold", "pyworkflow setup writes one; --config names one");
}

function modulesFindings(means: DoctorMeans, config: Config): Promise<readonly Finding[]> {
  return attempt("modules", async () => [modulesFinding(config, await means.loadModules(config))]);
}

function modulesFinding({ modules }: Config, workflows: number): Finding {
  const named = modules.join(", ");
  if (modules.length === 0) return warning("modules", "no workflow module is named", "pyworkflow setup asks for one; or give --module");
  if (workflows > 0) return ok("modules", `${named}: ${counted(workflows, "workflow")}`);
  return warning("modules", `${named}: no workflow is defined there`, "export a workflow() from it, or import the module that has one");
}

// The disk apart from the store: where it is full, the store may not open.
async function storeFindings(means: DoctorMeans, config: Config, options: DoctorOptions): Promise<readonly Finding[]> {
  const { storage } = config;
  const looksAtDisk = storage.backend === "sqlite" && options.depth !== "setup";
  const disk = looksAtDisk ? await attempt("disk", async () => diskFindings(await means.diskSpace(storage.path))) : [];
  return [...(await openedFindings(means, config, options)), ...disk];
}

function openedFindings(means: DoctorMeans, config: Config, options: DoctorOptions): Promise<readonly Finding[]> {
  return attempt("storage", async () => {
    const project = await means.openStore();
    try {
      return await examineStore(project, { ...options, config, means });
    } finally {
      await project.close();
    }
  });
}

function jumpFinding(jumpMs: number): Finding {
  if (jumpMs === 0) return ok("clock", "wall clock and monotonic clock agree");
  return warning("clock", `the wall clock jumped by ${jumpMs / 1000} s while it was looked at`, "let the system's time service slew the clock (chronyd, systemd-timesyncd) instead of setting it");
}
