import { pause, systemClock } from "../../base/clock.js";
import { rejected } from "../../base/deferred.js";
import { parseDurationMs, type Duration } from "../../base/duration.js";
import { InvalidDefinitionError } from "../../core/errors.js";
import type { SleepLength } from "../run/operation.js";
import { currentBody } from "./current.js";

/**
 * Waits for a duration or until a point in time (past: not at all). In a run the wait is durable and takes no memory;
 * elsewhere it is a plain timer. Rejects with InvalidDefinitionError for a text that is no duration.
 */
export function sleep(durationOrDate: Duration | Date): Promise<void> {
  const length = lengthOf(durationOrDate);
  if (length === undefined) return rejected(noDuration(durationOrDate));
  const current = currentBody();
  if (current === undefined) return plainSleep(length.until === undefined ? length.durationMs : length.until - systemClock.now());
  return current.body.ask({ kind: "sleep", args: [durationOrDate], ...length }, current.shielded) as Promise<void>;
}

function lengthOf(value: Duration | Date): SleepLength | undefined {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : { until: value.getTime() };
  const durationMs = parseDurationMs(value);
  return durationMs === undefined ? undefined : { durationMs };
}

function noDuration(value: Duration | Date): InvalidDefinitionError {
  const what = value instanceof Date ? "an invalid Date" : JSON.stringify(value);
  return new InvalidDefinitionError(`sleep(${what}): this is no duration`, 'give "30s", "1h30m", a number of seconds, or a Date');
}

async function plainSleep(ms: number): Promise<void> {
  if (ms > 0) await pause(systemClock, ms);
}
