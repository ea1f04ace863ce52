import { suggest, UsageError } from "./usage-error.js";

/** What the parser of oclif throws, in our words; other errors as they are. */
export function toUsageError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof UsageError) return new UsageError(sentence(error), error.hint);
  if (!("oclif" in error)) return error;
  return unknownFlag(error) ?? wrongArguments(error) ?? unknownHelp(error) ?? new UsageError(sentence(error), help);
}

const help = "-h after the command shows what it understands";

function unknownFlag(error: Error): UsageError | undefined {
  const [flag] = list(error, "flags");
  if (typeof flag !== "string") return undefined;
  const flags = read(read(read(error, "parse"), "input"), "flags");
  const known = typeof flags === "object" && flags !== null ? Object.keys(flags).map((name) => `--${name}`) : [];
  return new UsageError(`there is no flag ${flag}`, suggest(flag, known, help));
}

/** One class of oclif holds the definitions of the arguments that are missing, another the words that are too many. */
function wrongArguments(error: Error): UsageError | undefined {
  const args = list(error, "args");
  if (args.length === 0) return undefined;
  const surplus = args.filter((arg) => typeof arg === "string");
  if (surplus.length > 0) return new UsageError(`there is nothing to do with ${surplus.join(" ")}`, help);
  const missing = args.map((arg) => read(arg, "name")).filter((name) => typeof name === "string");
  return new UsageError(`${missing.join(" and ").toUpperCase()} is missing`, help);
}

/** `pyworkflow rnus --help` */
function unknownHelp({ message }: Error): UsageError | undefined {
  const [, command] = /^Command (.+) not found\.$/.exec(message) ?? [];
  return command === undefined ? undefined : new UsageError(`there is no command ${command}`, "pyworkflow -h shows the commands");
}

/** oclif wraps what the parser of a flag says; the name of the flag is worth keeping. */
function sentence({ message }: Error): string {
  return message.replace(/^Parsing (--[\w-]+) \n\t/, "$1: ").replace(/\nSee more help with --help$/, "");
}

function list(owner: object, name: string): readonly unknown[] {
  const value = read(owner, name);
  return Array.isArray(value) ? value : [];
}

function read(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}
