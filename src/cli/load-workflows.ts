import type { LoadConfigOptions } from "../config/load-config.js";
import type { LoadedConfig } from "../main/load-workflows.js";
import { reserveStdout } from "./streams.js";

/**
 * Imports the project's workflow modules, which fills the registry; the configuration that named them. A command that imports
 * this file starts by Node's own modules and not from the short way's file: the user's code and we must share one copy of ours.
 */
export async function loadWorkflows(whereabouts: LoadConfigOptions): Promise<LoadedConfig> {
  const main = await import("../main/load-workflows.js");
  // From here on code of the user runs in this process, and prints what it likes.
  reserveStdout();
  return main.loadWorkflows(whereabouts);
}
