import { shortPath } from "../../base/short-path.js";
import type { SetupPlan, SetupResult } from "../../services/setup.js";
import type { Screen } from "../screen.js";
import { lineDiff } from "./line-diff.js";
import { fileLine } from "./new-project.js";

/** What a plan would do to the file; of a new one, what is said in it besides defaults. */
export function planLines({ file, before, after, changes }: SetupPlan, cwd: string, screen: Pick<Screen, "paint">): string {
  const name = shortPath(file, cwd);
  if (before !== undefined) return `${name}\n${lineDiff(before, after, screen)}`;
  const lines = changes.map(({ key, after: value }) => screen.paint.green(`+ ${key}: ${[value].flat().join(", ")}`));
  return [`${name} (new, every key explained)`, ...lines].join("\n");
}

/** What became of the file. */
export function setupLine({ path, action, backup }: SetupResult, cwd: string, screen: Screen): string {
  return fileLine({ path: shortPath(path, cwd), action, backup }, screen);
}
