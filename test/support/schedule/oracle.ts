import type { Day, Meaning, SpecAndMeaning, WallTimes } from "./specs.js";
import type { ZoneTable } from "./zone-table.js";

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

const shownFits = 1;
const passedOverFits = 2;

function scan(times: WallTimes, table: ZoneTable): Oracle {
  const { places, how } = duePlaces(times, table);
  return (after) => {
    for (let index = firstAtLeast(places, Math.floor((after - table.from) / minuteMs)); index < places.length; index++) {
      const place = places[index] ?? 0;
      const isDue = how[place] ?? 0;
      const seconds = [...(isDue & passedOverFits ? [0] : []), ...(isDue & shownFits ? times.seconds : [])];
      const due = seconds.map((second) => table.from + place * minuteMs + second * 1000).find((instant) => instant > after);
      if (due !== undefined) return due;
    }
    return undefined;
  };
}

/** The minutes that have a due time: the clocks show a time that fits, or have just passed over one. */
function duePlaces(times: WallTimes, { shown, day, minuteOfDay, firstDay, again, shifts }: ZoneTable): { readonly places: Int32Array; readonly how: Uint8Array } {
  const isDay = Uint8Array.from({ length: (day.at(-1) ?? 0) + 1 }, (_, index) => Number(times.isDay(dayOf(firstDay + index))));
  const isMinute = Uint8Array.from({ length: minutesOfDay }, (_, minute) => Number(times.hours.has(Math.floor(minute / 60)) && times.minutes.has(minute % 60)));
  const how = new Uint8Array(shown.length);
  for (let place = 0; place < shown.length; place++) {
    if (again[place] === 0 && isDay[day[place] ?? 0] === 1 && isMinute[minuteOfDay[place] ?? 0] === 1) how[place] = shownFits;
  }
  for (const [place, missed] of shifts) {
    const fits = missed.some((minute) => isDay[Math.floor(minute / minutesOfDay) - firstDay] === 1 && isMinute[minute % minutesOfDay] === 1);
    if (fits) how[place] = (how[place] ?? 0) | passedOverFits;
  }
  return { places: placesOf(how), how };
}

/** Where there is something else than 0. */
function placesOf(list: Uint8Array): Int32Array {
  const places = new Int32Array(list.length);
  let count = 0;
  for (let place = 0; place < list.length; place++) if (list[place] !== 0) places[count++] = place;
  return places.subarray(0, count);
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
