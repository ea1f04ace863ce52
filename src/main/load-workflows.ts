import type { Config } from "../config/config.js";
import { loadConfig, type LoadConfigOptions } from "../config/load-config.js";
import { guardGlobals } from "./deterministic-globals.js";
import { loadModules } from "./load-modules.js";

/** A configuration whose modules are imported, and the version of their code. */
export type LoadedConfig = Config & { readonly version: string };

/** The configuration and its workflow modules, imported into a process of ours: `guardGlobals`. Throws ConfigError or ModuleError. */
export async function loadWorkflows(options: LoadConfigOptions): Promise<LoadedConfig> {
  const config = await loadConfig(options);
  guardGlobals();
  return { ...config, version: (await loadModules(config)).version };
}
