import { shortPath } from "../../base/short-path.js";
import type { WrittenFile } from "../../services/write-files.js";
import type { SetupChange, SetupPlan } from "../../services/setup.js";
import type { Screen } from "../screen.js";
import { lineDiff } from "./line-diff.js";
import { fileLine } from "./new-project.js";

/** What was set up, under the names that JSON shows. */
export interface SetupResult {
  /** Absolute. */
  readonly file: string;
  readonly outcome: WrittenFile["outcome"];
  /** What was there before, beside the file; null where nothing was replaced. */
  readonly backup: string | null;
  readonly changes: readonly SetupChange[];
  /** Nothing was written. */
  readonly dry_run: boolean;
}

/** What a plan would do to the file; of a new one, what is said in it besides defaults. */
export function planLines({ file, before, after, changes }: SetupPlan, cwd: string, screen: Pick<Screen, "paint">): string {
  const name = shortPath(file, cwd);
  if (before !== undefined) return `${name}\n${lineDiff(before, after, screen)}`;
  const lines = changes.map(({ key, after: value }) => screen.paint.green(`+ ${key}: ${[value].flat().join(", ")}`));
  return [`${name} (new, every key explained)`, ...lines].join("\n");
}

/** What became of the file. */
export function setupLine({ file, outcome, backup }: SetupResult, cwd: string, screen: Screen): string {
  return fileLine({ outcome, path: shortPath(file, cwd), ...(backup !== null && { backup }) }, screen);
}
