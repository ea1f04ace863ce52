import { run } from "@oclif/core/run";
import { settings } from "@oclif/core/settings";
import { askedOutput, askedVerbose, globalFlagsLast } from "./argv.js";
import { exitCodeOf } from "./exit-codes.js";
import { report } from "./report.js";
import { paintFor } from "./screen.js";
import { toUsageError } from "./usage.js";

/** The whole command line: words in, text on the two streams, `process.exitCode` set. Never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  settings.enableAutoTranspile = false;
  endQuietlyWithoutReader();
  try {
    await run(globalFlagsLast(argv), import.meta.url);
  } catch (error) {
    fail(error, argv);
  }
}

function fail(thrown: unknown, argv: readonly string[]): void {
  const error = toUsageError(thrown);
  const { env } = process;
  const paint = paintFor("stderr", { noColor: argv.includes("--no-color"), env });
  process.exitCode = exitCodeOf(error);
  process.stderr.write(report(error, { output: askedOutput(argv, env), verbose: askedVerbose(argv, env), paint }));
}

// `pyworkflow runs list | head -1`: the reader has what it wanted, the rest is nobody's.
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
