export const logLevels = ["debug", "info", "warn", "error"] as const;
/** How much a line of the log matters, least first. */
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ["pretty", "json"] as const;
export type LogFormat = (typeof logFormats)[number];

/** What a process writes to its log, and how. */
export interface LogOptions {
  /** The least level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
}
