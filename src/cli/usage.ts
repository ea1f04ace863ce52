import { stripVTControlCharacters } from "node:util";
import { didYouMean, nearest } from "../base/nearest.js";
import { suggest, UsageError } from "./usage-error.js";

/** What the parser of oclif throws, in our words; other errors as they are. */
export function toUsageError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof UsageError) return new UsageError(sentence(error), error.hint);
  if (!("oclif" in error)) return error;
  return unknownFlag(error) ?? wrongArguments(error) ?? reworded(sentence(error)) ?? new UsageError(sentence(error), help);
}

const help = "-h after the command shows what it understands";

function unknownFlag(error: Error): UsageError | undefined {
  const [flag] = list(error, "flags");
  if (typeof flag !== "string") return undefined;
  const flags = read(read(read(error, "parse"), "input"), "flags");
  const known = typeof flags === "object" && flags !== null ? Object.keys(flags).map((name) => `--${name}`) : [];
  return new UsageError(`there is no flag ${flag}`, didYouMean(begunWith(flag, known) ?? nearest(flag, known), help));
}

// A flag that was typed in part is meant, however much of it is missing; of several the one that lacks least.
function begunWith(flag: string, known: readonly string[]): string | undefined {
  return known.filter((each) => each.startsWith(flag)).toSorted((one, other) => one.length - other.length)[0];
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

type Rewording = readonly [ofTheirs: RegExp, ours: (...found: string[]) => UsageError];

// Where oclif has nothing but a sentence for us. Of several complaints about flags the first is told.
const rewordings: readonly Rewording[] = [
  [/^Command (.+) not found\.$/, (command) => new UsageError(`there is no command ${command}`, "pyworkflow -h shows the commands")],
  [/^Expected (--[\w-]+)=(.*) to be one of: (.*)$/s, (flag, input, choices) => noneOf(`${sourceOf(flag, input)}: ${input}`, input, choices)],
  [/^Expected (.*) to be one of: (.*)$/s, (input = "", choices = "") => noneOf(input, input, choices)],
  [/^(--[\w-]+: )?Expected an integer but received: (.*)$/s, (flag = "", input = "") => new UsageError(`${flag}${input} is no whole number`, "write for example 20")],
  [/^(--[\w-]+: )?Expected an integer greater than or equal to (\d+) but received: (.*)$/s, (flag = "", least = "", input = "") => new UsageError(`${flag}${input} is too small`, `give ${least} or more`)],
  [/^(--[\w-]+: )?Expected an integer less than or equal to (\d+) but received: (.*)$/s, (flag = "", most = "", input = "") => new UsageError(`${flag}${input} is too large`, `give ${most} or less`)],
  [/^Flag (--[\w-]+) can only be specified once$/, (flag) => new UsageError(`${flag} was given twice`, "give it once")],
  [/^Flag (--[\w-]+) expects a value$/, (flag) => new UsageError(`${flag} has no value`, `write it behind the flag; one that begins with a hyphen as ${flag}=-1`)],
  [/^Flag (--[\w-]+) expects one of these values: (.*)$/, (flag, choices) => new UsageError(`${flag} has no value`, `give one of ${choices}`)],
  [/^The following errors? occurred:\s+Missing required flag ([\w-]+)/, (flag) => new UsageError(`--${flag} is missing`, help)],
  [
    /^The following errors? occurred:\s+(--[\w-]+)=.*? cannot also be provided when using (--[\w-]+)/s,
    (other, flag) => new UsageError(`${flag} and ${other} were given together`, "leave out one of them"),
  ],
  [
    /^The following errors? occurred:\s+All of the following must be provided when using (--[\w-]+): (--[\w-]+)/,
    (flag, needed) => new UsageError(`${flag} was given without ${needed}`, `add ${needed}, or leave ${flag} out`),
  ],
];

// Its variable gives a flag that nobody typed.
function sourceOf(flag = "", input = ""): string {
  return flag === "--output" && input === process.env["PYWORKFLOW_OUTPUT"] ? "PYWORKFLOW_OUTPUT" : flag;
}

function noneOf(what: string, input = "", choices = ""): UsageError {
  return new UsageError(`${what} is none of ${choices}`, suggest(input, choices.split(", "), "give one of these"));
}

function reworded(theirs: string): UsageError | undefined {
  for (const [pattern, ours] of rewordings) {
    const found = pattern.exec(theirs);
    if (found !== null) return ours(...found.slice(1));
  }
  return undefined;
}

/** oclif wraps what the parser of a flag says; the name of the flag is worth keeping. */
function sentence({ message }: Error): string {
  return stripVTControlCharacters(message)
    .replace(/^Parsing (--[\w-]+) \n\t/, "$1: ")
    .replace(/\nSee more help with --help$/, "");
}

function list(owner: object, name: string): readonly unknown[] {
  const value = read(owner, name);
  return Array.isArray(value) ? value : [];
}

function read(owner: unknown, name: string): unknown {
  return typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined;
}
