import type { Day, Meaning, SpecAndMeaning, WallTimes } from "./specs.js";
import { minutesInTable, type ZoneTable } from "./zone-table.js";

// Every minute of two years is asked whether it is due. No calendar arithmetic, no search: slow, and hard to get wrong.

const minuteMs = 60_000;
const minutesOfDay = 1440;

/** The first due time later than `after`; undefined where there is none in the two years of the table. */
export type Oracle = (after: number) => number | undefined;

export function oracleOf({ spec, meaning }: SpecAndMeaning, table: ZoneTable): Oracle {
  const { startAt = -Infinity, endAt = Infinity } = spec;
  const next = "sets" in meaning ? earliestOf(meaning.sets.map((times) => scan(times, table))) : everyMultiple(meaning);
  return (after) => {
    const due = next(Math.max(after, startAt - 1));
    return due !== undefined && due < endAt && due < table.until ? due : undefined;
  };
}

function earliestOf(oracles: readonly Oracle[]): Oracle {
  return (after) => {
    const dues = oracles.map((oracle) => oracle(after)).filter((due) => due !== undefined);
    return dues.length === 0 ? undefined : Math.min(...dues);
  };
}

function everyMultiple({ intervalMs, anchor }: Extract<Meaning, { intervalMs: number }>): Oracle {
  return (after) => {
    const since = (((after - anchor) % intervalMs) + intervalMs) % intervalMs;
    return after - since + intervalMs;
  };
}

const shownFits = 1; // as in ZoneTable.isFirst
const passedOverFits = 2;

interface DuePlaces {
  readonly places: Int32Array;
  /** For each of them. */
  readonly how: Uint8Array;
}

function scan(times: WallTimes, table: ZoneTable): Oracle {
  const { places, how } = duePlaces(times, table);
  return (after) => {
    for (let index = firstAtLeast(places, Math.floor((after - table.from) / minuteMs)); index < places.length; index++) {
      const place = places[index] ?? 0;
      const fit = how[index] ?? 0;
      const seconds = [...(fit & passedOverFits ? [0] : []), ...(fit & shownFits ? times.seconds : [])];
      const due = seconds.map((second) => table.from + place * minuteMs + second * 1000).find((instant) => instant > after);
      if (due !== undefined) return due;
    }
    return undefined;
  };
}

/** The minutes that have a due time: the clocks show a time that fits, or have just passed over one. */
function duePlaces(times: WallTimes, table: ZoneTable): DuePlaces {
  const { day, firstDay, shifts } = table;
  const isDay = Uint8Array.from({ length: (day.at(-1) ?? 0) + 1 }, (_, index) => Number(times.isDay(dayOf(firstDay + index))));
  const isMinute = Uint8Array.from({ length: minutesOfDay }, (_, minute) => Number(times.hours.has(Math.floor(minute / 60)) && times.minutes.has(minute % 60)));
  markShown(table, isDay, isMinute);
  for (const [place, missed] of shifts) {
    const fits = missed.some((minute) => isDay[Math.floor(minute / minutesOfDay) - firstDay] === 1 && isMinute[minute % minutesOfDay] === 1);
    if (fits) isDue[place] = (isDue[place] ?? 0) | passedOverFits;
  }
  return collect();
}

// Without a branch: this is where the time goes.
function markShown({ day, minuteOfDay, isFirst }: ZoneTable, isDay: Uint8Array, isMinute: Uint8Array): void {
  const { length } = isDue; // an imported name would be looked up each time
  for (let place = 0; place < length; place++) isDue[place] = (isFirst[place] ?? 0) & (isDay[day[place] ?? 0] ?? 0) & (isMinute[minuteOfDay[place] ?? 0] ?? 0);
}

// Lists of a million, used again by each scan.
const isDue = new Uint8Array(minutesInTable);
const duePlace = new Int32Array(minutesInTable);
const dueHow = new Uint8Array(minutesInTable);

function collect(): DuePlaces {
  const { length } = isDue;
  let count = 0;
  for (let place = 0; place < length; place++) {
    const how = isDue[place] ?? 0;
    if (how === 0) continue;
    duePlace[count] = place;
    dueHow[count] = how;
    count++;
  }
  return { places: duePlace.slice(0, count), how: dueHow.slice(0, count) };
}

function dayOf(daysSinceEpoch: number): Day {
  const date = new Date(daysSinceEpoch * minutesOfDay * minuteMs);
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  return { month: date.getUTCMonth() + 1, dayOfMonth: date.getUTCDate(), daysInMonth, weekday: date.getUTCDay() };
}

function firstAtLeast(places: Int32Array, least: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
