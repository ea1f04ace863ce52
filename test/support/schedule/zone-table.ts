// What the clocks of a zone show at every minute of two years, as Intl says it: the oracle's own view, which knows nothing of src/core/schedule.

const minuteMs = 60_000;
const minutesOfDay = 1440;
export const minutesInTable = 731 * minutesOfDay;

/** Two years of a zone, minute by minute; a minute has its place in all lists. */
export interface ZoneTable {
  /** Milliseconds since the epoch; `until` is not in it. */
  readonly from: number;
  readonly until: number;
  /** What the clocks show, as minutes since the epoch on a clock in UTC. */
  readonly shown: Int32Array;
  /** The same as a day, counted from `firstDay` (in days since the epoch), and a minute of that day. */
  readonly day: Int16Array;
  readonly minuteOfDay: Int16Array;
  readonly firstDay: number;
  /** 1 where the clocks show what they have not shown before. */
  readonly isFirst: Uint8Array;
  /** Where the clocks are not one minute further than before; with what they passed over there, which may be nothing. */
  readonly shifts: ReadonlyMap<number, readonly number[]>;
}

const tables = new Map<string, ZoneTable>();

export function zoneTable(zone: string, firstDay: string): ZoneTable {
  const table = tables.get(zone) ?? read(zone, Date.parse(`${firstDay}T00:00Z`));
  tables.set(zone, table);
  return table;
}

function read(zone: string, from: number): ZoneTable {
  const shown = readShown(clockOf(zone), from);
  const { length } = shown;
  const [first = 0] = shown;
  const firstDay = Math.floor(first / minutesOfDay);
  const table = { from, until: from + length * minuteMs, shown, firstDay, day: new Int16Array(length), minuteOfDay: new Int16Array(length), isFirst: new Uint8Array(length) };
  const shifts = new Map<number, readonly number[]>();
  let latest = first - 1;
  for (let place = 0; place < length; place++) {
    const now = shown[place] ?? 0;
    if (place > 0 && now !== (shown[place - 1] ?? 0) + 1) shifts.set(place, range(latest + 1, now));
    table.day[place] = Math.floor(now / minutesOfDay) - firstDay;
    table.minuteOfDay[place] = now % minutesOfDay;
    table.isFirst[place] = Number(now > latest);
    latest = Math.max(latest, now);
  }
  return { ...table, shifts };
}

function range(from: number, before: number): readonly number[] {
  return Array.from({ length: Math.max(0, before - from) }, (_, index) => from + index);
}

// An hour that begins and ends with one offset has no shift; in any other each minute is asked for.
function readShown(show: (instant: number) => number, from: number): Int32Array {
  const shown = new Int32Array(minutesInTable);
  for (let start = 0, first = show(from), next = 0; start < shown.length; start += 60, first = next) {
    next = show(from + (start + 60) * minuteMs);
    for (let place = start; place < start + 60; place++) shown[place] = next === first + 60 ? first + place - start : show(from + place * minuteMs);
  }
  return shown;
}

function clockOf(zone: string): (instant: number) => number {
  const fields = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" } as const;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, hourCycle: "h23", ...fields });
  return (instant) => Date.parse(`${format.format(instant).replace(" ", "T")}Z`) / minuteMs; // 2026-03-29 02:30
}
