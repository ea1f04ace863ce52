import { findPlainly } from "../config/find-file.js";
import { globalFlagsLast } from "./argv.js";
import type { BaseCommand } from "./base-command.js";
import { session } from "./session.js";

interface CommandClass extends Pick<typeof BaseCommand, "id" | "args"> {
  run(argv: readonly string[], options: object): Promise<unknown>;
}

/** Commands by their ids, `runs:list`. */
export type Commands = Readonly<Record<string, () => Promise<{ readonly default: CommandClass }>>>;

/**
 * The short way through the command line, for commands that load no code of the user's: build/bundle-short-way.js makes one file of
 * them and of all they need, which starts several times faster than our modules and oclif's one by one. Resolves to false where the words
 * are none of its business (help, a mistake in the command's name, a configuration that is a program): nothing has been done then, and
 * entry.ts has to answer. Where it does answer, it does so to the byte as entry.ts would. `root` is the folder of the package.
 */
export async function main(argv: readonly string[], commands: Commands, root: string): Promise<false> {
  const words = globalFlagsLast(argv);
  const id = idOf(words, commands);
  const load = id === undefined ? undefined : commands[id];
  if (id === undefined || load === undefined || asksForHelp(words) || mayRunProgram(argv, process)) return false;
  const { default: Command } = await load();
  const rest = words.slice(id.split(":").length);
  if (!takesWords(Command) && isWord(rest[0])) return false;
  Command.id = id;
  return session(argv, () => Command.run(rest, { ...config, root }));
}

function idOf(words: readonly string[], commands: Commands): string | undefined {
  const ids = [words.slice(0, 2).join(":"), words[0] ?? ""];
  return ids.find((id) => Object.hasOwn(commands, id));
}

function asksForHelp(words: readonly string[]): boolean {
  return words.includes("-h") || words.includes("--help");
}

function takesWords({ args }: CommandClass): boolean {
  return Object.keys(args).length > 0;
}

/** oclif takes it for a part of the command's name. */
function isWord(word: string | undefined): boolean {
  return word !== undefined && !word.startsWith("-") && !word.includes("=");
}

/**
 * Whether the configuration may be code of the user's: a file of that kind is named, or the nearest is not known to be plain. Where it can't be
 * told, that is a yes.
 */
function mayRunProgram(argv: readonly string[], { env, cwd }: Pick<NodeJS.Process, "env" | "cwd">): boolean {
  const variable = env["PYWORKFLOW_CONFIG"] ?? "";
  if ([variable, ...argv].some((word) => /\.(?:js|mjs|ts)$/.test(word))) return true;
  const isNamed = variable !== "" || argv.some((word) => /^--config(?:=|$)/.test(word));
  if (isNamed) return false;
  try {
    return findPlainly(cwd()) === undefined;
  } catch {
    return true; // the working directory is gone
  }
}

// As much of oclif's configuration as a command asks for that runs: reading and checking all of it takes longer than the command. The bundle
// has an oclif that takes it as it is.
const config = {
  bin: "pyworkflow",
  scopedEnvVarKeys: () => [],
  runHook: async () => ({ successes: [], failures: [] }),
};
