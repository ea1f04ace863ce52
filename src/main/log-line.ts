import { logLevels, type LogOptions } from "../core/log-options.js";
import type { ExecutorNote } from "../engine/executor.js";

/** Whether the note is to be written. */
export function isLoud(note: ExecutorNote, { level }: LogOptions): boolean {
  return logLevels.indexOf(note.level) >= logLevels.indexOf(level);
}

/** The note as one line, without its end. `at` in milliseconds since the epoch; `source` says who speaks. */
export function logLine(note: ExecutorNote, format: LogOptions["format"], { at, source }: { readonly at: number; readonly source: string }): string {
  const time = new Date(at).toISOString();
  const { level, message, runId, fields = {} } = note;
  if (format === "json") return JSON.stringify({ time, level, source, run_id: runId, message, ...mapValues(fields, (value) => plain(value)) });
  return [time.slice(11, 23), level.toUpperCase().padEnd(5), source, ...(runId ? [runId] : []), message, ...fieldTexts(fields)].join(" ");
}

/** Each field as `key=value`; of an error its name and message. */
export function fieldTexts(fields: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(fields).map(([key, value]) => `${key}=${brief(value)}`);
}

function mapValues(fields: Readonly<Record<string, unknown>>, change: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, change(value)]));
}

function plain(value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value;
}

function brief(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`.replaceAll(/\s*\n\s*/g, " ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
