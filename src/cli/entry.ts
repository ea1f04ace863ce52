import { run } from "@oclif/core/run";
import { settings } from "@oclif/core/settings";
import { globalFlagsLast } from "./argv.js";
import { session } from "./session.js";

/** The whole command line: words in, text on the two streams, then the end of the process with its exit code. */
export async function main(argv: readonly string[]): Promise<never> {
  settings.enableAutoTranspile = false;
  // Plugins of oclif would be looked for in the home folder, which a service may not have.
  return session(argv, () => run(globalFlagsLast(argv), { root: import.meta.filename, userPlugins: false }));
}
