// A wall time is what the clocks of a zone show, as the milliseconds at which a clock in UTC shows the same. Two shifts of a zone lie further
// apart than the two days that are looked at here.

const dayMs = 86_400_000;

/** The wall time of an instant. */
export function wallTimeAt(zone: string, instant: number): number {
  return instant + offsetMsAt(zone, instant);
}

/** The instant at which a wall time shows first. One that never shows stands for the instant at which the clock goes past it: the end of its gap. */
export function instantOf(zone: string, wallTime: number): number {
  const oneWay = wallTime - offsetMsAt(zone, wallTime - dayMs);
  const otherWay = wallTime - offsetMsAt(zone, wallTime + dayMs);
  if (oneWay === otherWay) return oneWay;
  const [first, second] = oneWay < otherWay ? [oneWay, otherWay] : [otherWay, oneWay];
  return [first, second].find((instant) => wallTimeAt(zone, instant) === wallTime) ?? shiftBetween(zone, first, second);
}

/** The latest wall time that has shown, or was passed over, by an instant: later than its own where the clock was put back and shows times again. */
export function latestWallTime(zone: string, instant: number): number {
  const wallTime = wallTimeAt(zone, instant);
  const offsetBefore = offsetMsAt(zone, instant - dayMs);
  if (instant + offsetBefore <= wallTime) return wallTime;
  return Math.max(wallTime, shiftBetween(zone, instant - dayMs, instant) - 1 + offsetBefore);
}

/** The first instant with another offset than `from`; there has to be one, at most at `to`. */
function shiftBetween(zone: string, from: number, to: number): number {
  const offset = offsetMsAt(zone, from);
  let before = from;
  let after = to;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetMsAt(zone, middle) === offset) before = middle;
    else after = middle;
  }
  return after;
}

/** How far the clocks of a zone are ahead of UTC at an instant. */
export function offsetMsAt(zone: string, instant: number): number {
  if (zone === "UTC") return 0;
  const text = formatterOf(zone).format(instant);
  const [, sign, hours, minutes, seconds = 0] = offsetPattern.exec(text) ?? []; // "1/1/2026, GMT+01:00", and "GMT" alone for none
  const ms = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds)) * 1000;
  return sign === "-" ? -ms : ms;
}

const offsetPattern = /([+-])(\d\d):(\d\d)(?::(\d\d))?$/;
const formatters = new Map<string, Intl.DateTimeFormat>();

// Making one takes fifty times as long as using it.
function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset", year: "numeric" });
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** Whether Node knows a zone of that name. */
export function isZone(name: string): boolean {
  // Newer Nodes take offsets such as +01:00 for zones; the store may be read by an older one.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}
