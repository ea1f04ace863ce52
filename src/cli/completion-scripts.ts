import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../services/own-package.js";
import { UsageError } from "./usage-error.js";

const shells = ["bash", "zsh", "fish"] as const;
type Shell = (typeof shells)[number];

/** What to do with the script, for a person who sees it on the screen. */
export const installation: Readonly<Record<Shell, string>> = {
  bash: "To install it: pyworkflow autocomplete bash > ~/.local/share/bash-completion/completions/pyworkflow\nIn this shell alone: source <(pyworkflow autocomplete bash)",
  zsh: 'To install it, where compinit is on: pyworkflow autocomplete zsh > "${fpath[1]}/_pyworkflow"\nIn this shell alone: source <(pyworkflow autocomplete zsh)',
  fish: "To install it: pyworkflow autocomplete fish > ~/.config/fish/completions/pyworkflow.fish\nIn this shell alone: pyworkflow autocomplete fish | source",
};

/** The shell of that name, else the one that the person uses. Throws UsageError where neither is one of ours. */
export function shellMeant(name: string | undefined, env: NodeJS.ProcessEnv = process.env): Shell {
  const meant = name ?? env["SHELL"]?.split("/").at(-1);
  const shell = shells.find((each) => each === meant);
  if (shell === undefined) throw new UsageError(meant ? `there is no completion for ${meant}` : "SHELL is missing", `name one of ${shells.join(", ")}`);
  return shell;
}

/** The script for the shell, without a line end. It asks `autocomplete words` at each Tab. */
export async function scriptFor(shell: Shell): Promise<string> {
  const script = await readFile(join(packageRoot, "completions", `pyworkflow.${shell}`), "utf8");
  return script.trimEnd();
}
