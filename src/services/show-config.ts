import type { JsonSchema } from "../base/json.js";
import type { Config } from "../config/config.js";
import { keys, paths, type Key } from "../config/keys.js";
import { loadSettings, type LoadConfigOptions } from "../config/load-config.js";
import { configSchema } from "../config/schema.js";
import type { Settings } from "../config/settings.js";

/** A value that holds, under the names that JSON shows. */
export interface ConfigRow {
  /** As in the file, e.g. `worker.concurrency`. */
  readonly key: string;
  /** Durations are seconds, paths are absolute, and secrets are masked; null where nothing is said and nothing holds in its place. */
  readonly value: unknown;
  /** A flag, a variable, `file:line:column`, or `default`. */
  readonly source: string;
  /** Whether the value is a number of seconds. */
  readonly isDuration: boolean;
}

export interface ConfigLook {
  /** The file it comes from, absolute; undefined where there is none. */
  readonly file: string | undefined;
  readonly rows: readonly ConfigRow[];
}

/** The configuration as it holds, and where each value was said. Throws ConfigError. */
export async function showConfig(options: LoadConfigOptions): Promise<ConfigLook> {
  const { config, settings } = await loadSettings(options);
  const others = Object.values(keys).filter((key) => key !== keys.module && key !== keys.modules);
  return { file: config.file, rows: [modulesRow(config), ...others.map((key) => rowOf(key, settings, config))] };
}

// `module` and `modules` say one thing.
function modulesRow({ modules, modulePlaces = [] }: Config): ConfigRow {
  const source = modulePlaces.length === 0 ? fallbackSource : [...new Set(modulePlaces)].join(", ");
  return { key: keys.modules.path, value: modules, source, isDuration: false };
}

const fallbackSource = "default";

function rowOf(key: Key<unknown> & { readonly fallback?: unknown }, settings: Settings, { storage }: Config): ConfigRow {
  const found = settings.find(key);
  const value = key.path === keys.path.path ? ("path" in storage ? storage.path : null) : (found?.value ?? key.fallback ?? null);
  const shown = key.isDuration && typeof value === "number" ? value / 1000 : masked(key.path, value);
  return { key: key.path, value: shown, source: found?.place ?? fallbackSource, isDuration: key.isDuration ?? false };
}

/** Without what nobody should read over a shoulder: the value of a key that speaks of a secret, and the password of a URL. */
export function masked(key: string, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (/password|secret|token|credential/i.test(key)) return mask;
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):.*@/i, `$1:${mask}@`).replaceAll(/([?&][^=&]*(?:password|secret|token)[^=&]*=)[^&]*/gi, `$1${mask}`);
}

const mask = "***";

/** What a configuration can say: its JSON Schema, and its keys. */
export function describeConfig(): { readonly schema: JsonSchema; readonly keys: readonly string[] } {
  return { schema: configSchema(), keys: paths };
}
