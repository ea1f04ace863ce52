import { exit } from "node:process";
import { EndedEarlyError } from "../core/errors.js";
import { askedOutput, askedVerbose } from "./argv.js";
import { exitCodeOf } from "./exit-codes.js";
import { isForPrograms } from "./output.js";
import { report } from "./report.js";
import { paintFor } from "./screen.js";
import { flushed, keepStderrParseable, watchStreams, writeAsIs } from "./streams.js";
import { toUsageError } from "./usage.js";

/** What surrounds every command: errors are told, what was written is read, then the process ends with its exit code. */
export async function session(argv: readonly string[], command: () => Promise<unknown>): Promise<never> {
  if (isForPrograms(askedOutput(argv, process.env)) && !process.stderr.isTTY) keepStderrParseable();
  const endedEarly = () => fail(new EndedEarlyError(), argv);
  process.once("exit", endedEarly);
  watchStreams((error) => {
    process.off("exit", endedEarly);
    fail(error, argv);
    exit();
  });
  try {
    await command();
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
  writeAsIs(report(error, { output: askedOutput(argv, env), verbose: askedVerbose(argv, env), paint }));
}
