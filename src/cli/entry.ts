import { exit } from "node:process";
import { run } from "@oclif/core/run";
import { settings } from "@oclif/core/settings";
import { EndedEarlyError } from "../core/errors.js";
import { askedOutput, askedVerbose, globalFlagsLast } from "./argv.js";
import { exitCodeOf } from "./exit-codes.js";
import { report } from "./report.js";
import { paintFor } from "./screen.js";
import { endQuietlyWithoutReader, flushed } from "./streams.js";
import { toUsageError } from "./usage.js";

/** The whole command line: words in, text on the two streams, then the end of the process with its exit code. */
export async function main(argv: readonly string[]): Promise<never> {
  settings.enableAutoTranspile = false;
  endQuietlyWithoutReader();
  const endedEarly = () => fail(new EndedEarlyError(), argv);
  process.once("exit", endedEarly);
  try {
    // Plugins of oclif would be looked for in the home folder, which a service may not have.
    await run(globalFlagsLast(argv), { root: import.meta.filename, userPlugins: false });
  } catch (error) {
    fail(error, argv);
  }
  process.off("exit", endedEarly);
  await flushed();
  // A timer or a socket that a module of the user's left open must not keep the process.
  exit();
}

function fail(thrown: unknown, argv: readonly string[]): void {
  const error = toUsageError(thrown);
  const { env } = process;
  const paint = paintFor("stderr", { noColor: argv.includes("--no-color"), env });
  process.exitCode = exitCodeOf(error);
  process.stderr.write(report(error, { output: askedOutput(argv, env), verbose: askedVerbose(argv, env), paint }));
}
