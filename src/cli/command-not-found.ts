import type { Hook } from "@oclif/core/hooks";
import { globalFlags } from "./flags.js";
import { suggest, UsageError } from "./usage-error.js";

/** Called by oclif for words that are no command. */
export const commandNotFound: Hook.CommandNotFound = async ({ id, config }) => {
  if (id.startsWith("-")) {
    const known = [...Object.keys(globalFlags).map((name) => `--${name}`), "--help", "--version"];
    throw new UsageError(`there is no flag ${id}`, suggest(id, known, "pyworkflow -h shows the flags"));
  }
  const words = id.split(":");
  const command = config.commandIDs.find((known) => id.startsWith(`${known}:`));
  if (command !== undefined) {
    const surplus = words.slice(command.split(":").length).join(" ");
    throw new UsageError(`there is nothing to do with ${surplus}`, "-h after the command shows what it understands");
  }
  const commands = config.commandIDs.map((known) => known.replaceAll(":", " "));
  // Words behind the command are its arguments: runs lgos run_01 means runs logs.
  const typed = words.slice(0, 2).join(" ");
  const otherwise = withoutTopic(words, commands) ?? "pyworkflow -h shows the commands";
  throw new UsageError(`there is no command ${typed}`, suggest(typed, [...commands, ...config.topics.map(({ name }) => name)], otherwise));
};

/** `status` and `list runs` are commands for who does not know the topics yet. */
function withoutTopic([first = "", second = ""]: readonly string[], commands: readonly string[]): string | undefined {
  const turned = commands.filter((known) => known === `${second} ${first}`);
  const meant = turned.length > 0 ? turned : commands.filter((known) => known.endsWith(` ${first}`));
  return meant.length === 0 ? undefined : `did you mean ${meant.join(", ")}?`;
}
