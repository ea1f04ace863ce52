import { dirname, relative } from "node:path";
import { shortPath } from "../../base/short-path.js";
import type { PlacedFile } from "../../services/place-files.js";
import type { SetUpChange, SetUpPlan } from "../../services/set-up.js";
import type { Screen } from "../screen.js";
import { lineDiff } from "./line-diff.js";
import { fileLine, installable, quoted } from "./new-project.js";

/** What was set up, under the names that JSON shows. */
export interface SetUpResult {
  /** Absolute. */
  readonly file: string;
  readonly outcome: PlacedFile["outcome"];
  /** What was there before, beside the file; null where nothing was replaced. */
  readonly backup: string | null;
  readonly changes: readonly SetUpChange[];
  /** Nothing was written. */
  readonly dry_run: boolean;
}

/** What a plan would do to the file; of a new one, what is said in it besides defaults. */
export function planLines({ file, before, after, changes }: SetUpPlan, cwd: string, screen: Pick<Screen, "paint">): string {
  const name = shortPath(file, cwd);
  if (before !== undefined) return `${name}\n${lineDiff(before, after, screen)}`;
  const lines = changes.map(({ key, after: value }) => screen.paint.green(`+ ${key}: ${[value].flat().join(", ")}`));
  return [`${name} (new, every key explained)`, ...lines].join("\n");
}

/** What became of the file. */
export function setUpLine({ file, outcome, backup }: SetUpResult, cwd: string, screen: Screen): string {
  return fileLine({ outcome, path: shortPath(file, cwd), ...(backup !== null && { backup }) }, screen);
}

export interface NextOptions {
  readonly cwd: string;
  /** How this program is called. */
  readonly name: string;
  /** How the project would ask for this package; undefined where it has it. */
  readonly missing: string | undefined;
}

/** What to type next: only commands that work as they stand. */
export function nextStepsOf({ file }: SetUpResult, { cwd, name, missing }: NextOptions): string {
  const folder = relative(cwd, dirname(file));
  return [
    "Next:",
    ...(missing === undefined ? [] : [...(folder === "" ? [] : [`  cd ${quoted(folder)}`]), `  npm install ${quoted(installable(missing))}`]),
    `  ${name} setup --check`,
    `  ${name} workflows list`,
    `  ${name} worker run`,
  ].join("\n");
}
