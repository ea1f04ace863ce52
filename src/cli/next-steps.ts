import { dirname } from "node:path";
import { hasPackage, packageReference } from "../services/own-package.js";
import { ownName } from "./own-name.js";
import { nextStepsOf, type SetUpResult } from "./views/setup.js";

/** What to type after a set-up, as it stands with this project and this shell. */
export async function nextStepsAfter(result: SetUpResult): Promise<string> {
  const missing = hasPackage(dirname(result.file)) ? undefined : await packageReference();
  return nextStepsOf(result, { cwd: process.cwd(), name: ownName(), missing });
}
