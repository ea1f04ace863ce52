import { ConfigError } from "../core/errors.js";

/** The environment of a process. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The value with each `${NAME}` and `${NAME:-default}` of its texts replaced; the default holds where NAME is unset or
 * empty. A variable that is not set and has no default is a ConfigError.
 */
export function expandVariables(value: unknown, env: Variables, place: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => expandVariables(item, env, place));
  if (typeof value !== "string" || !value.includes("${")) return value;
  return value.replaceAll(variable, (_, name: string, fallback: string | undefined) => {
    const found = env[name];
    if (found !== undefined && (found !== "" || fallback === undefined)) return found;
    if (fallback !== undefined) return fallback;
    throw new ConfigError(`the variable ${name} is not set`, { place, hint: `set ${name}, or write \${${name}:-a default}` });
  });
}

const variable = /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;
