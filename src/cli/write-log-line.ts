import { systemClock } from "../base/clock.js";
import type { LogFormat } from "../core/log-options.js";
import { logLine } from "../main/log-line.js";
import { writeAsIs } from "./streams.js";

/** Writes what `source` says now to stderr, as a line of the log. */
export function writeLogLine(note: Parameters<typeof logLine>[0], format: LogFormat, source: string): void {
  const line = logLine(note, format, { at: systemClock.now(), source });
  if (format === "json") writeAsIs(line);
  else process.stderr.write(`${line}\n`);
}
