import { parseDurationMs, type Duration } from "../base/duration.js";
import { RetryableError } from "./errors.js";

/** `"exponential"`: 1, 2, 4 … s, at most 300 s, up to 10% longer; or one wait for all attempts; or a list, whose last one repeats. */
export type RetryDelay = Duration | readonly Duration[];

const exponentialMsMax = 300_000;

export interface Failure {
  readonly error: unknown;
  /** How many attempts have failed by now, this one included; from 1. */
  readonly failures: number;
  readonly now: number;
  /** 0 ≤ chance < 1. */
  readonly chance: number;
}

/** Milliseconds from now to the next attempt. What the error itself says (`retryAfter`) wins. */
export function retryDelayMs(strategy: RetryDelay, failure: Failure): number {
  const { error } = failure;
  const asked = error instanceof RetryableError ? afterMs(error.retryAfter, failure.now) : undefined;
  return asked ?? strategyMs(strategy, failure);
}

function afterMs(retryAfter: Duration | Date | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  if (retryAfter instanceof Date) return Math.max(0, retryAfter.getTime() - now);
  return parseDurationMs(retryAfter);
}

function strategyMs(strategy: RetryDelay, { failures, chance }: Failure): number {
  if (strategy === "exponential") return Math.round(Math.min(2 ** (failures - 1) * 1000, exponentialMsMax) * (1 + chance / 10));
  if (typeof strategy !== "object") return parseDurationMs(strategy) ?? 0;
  return parseDurationMs(strategy[Math.min(failures, strategy.length) - 1] ?? 0) ?? 0;
}

/** Whether the text, number or list is a strategy that {@link retryDelayMs} understands. */
export function isRetryDelay(strategy: RetryDelay): boolean {
  if (strategy === "exponential") return true;
  const waits: readonly Duration[] = typeof strategy === "object" ? strategy : [strategy];
  return waits.length > 0 && waits.every((wait) => parseDurationMs(wait) !== undefined);
}
