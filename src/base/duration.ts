/** A length of time: `"1h30m"` (units w d h m s ms, descending), or a number of seconds. */
export type Duration = string | number;

const unitMs: Readonly<Record<string, number>> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const part = /(\d+(?:\.\d+)?)(ms|[smhdw])/gy;

/**
 * A {@link Duration} in whole milliseconds, or undefined where the value is none: an unknown unit, units not in
 * descending order, a rest, a negative number, or more than a safe integer of milliseconds.
 */
export function parseDurationMs(duration: unknown): number | undefined {
  const ms = typeof duration === "number" ? duration * 1000 : typeof duration === "string" ? sumOfParts(duration.trim()) : undefined;
  if (ms === undefined || !(ms >= 0) || ms > Number.MAX_SAFE_INTEGER) return undefined;
  return Math.round(ms);
}

function sumOfParts(text: string): number | undefined {
  let total = 0;
  let end = 0;
  let lastUnit = Infinity;
  for (const [match, count, unit] of text.matchAll(part)) {
    const size = unitMs[unit ?? ""] ?? 0;
    if (size >= lastUnit) return undefined;
    lastUnit = size;
    total += Number(count) * size;
    end += match.length;
  }
  return end === text.length && end > 0 ? total : undefined;
}

/** A {@link Duration} as text, exact: what {@link parseDurationMs} makes of it is the same whole number of milliseconds. */
export function writeDuration(ms: number): string {
  let text = "";
  let rest = ms;
  for (const [unit, size] of Object.entries(unitMs)) {
    // 30d are no 4w2d to anybody.
    if (unit === "w" && rest % size > 0) continue;
    if (rest >= size) text += `${Math.floor(rest / size)}${unit}`;
    rest %= size;
  }
  return text === "" ? "0s" : text;
}

/** Milliseconds as people write them, at most two units: `950ms`, `12.3s`, `4m 05s`, `3h 20m`, `2d 4h`. */
export function formatDuration(ms: number): string {
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  if (whole < 60_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)}s`;
  const seconds = Math.floor(whole / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ${pad(Math.floor(seconds / 60) % 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor(seconds / 3600) % 24}h`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
