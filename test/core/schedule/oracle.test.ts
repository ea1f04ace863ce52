import { Cron } from "croner";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { nextDue } from "../../../src/core/schedule/next.js";
import type { ScheduleSpec } from "../../../src/core/schedule/schedule.js";
import { wallTimeAt } from "../../../src/core/schedule/zone.js";
import { oracleOf, type Oracle } from "../../support/schedule/oracle.js";
import { specs, zones } from "../../support/schedule/specs.js";
import { zoneTable, type ZoneTable } from "../../support/schedule/zone-table.js";

const specCount = Number(process.env["PYWORKFLOW_ORACLE_SPECS"] ?? 300);
const seed = Number(process.env["PYWORKFLOW_FUZZ_SEED"] ?? fc.sample(fc.nat(), 1)[0]);
const repeat = `PYWORKFLOW_ORACLE_SPECS=${specCount} PYWORKFLOW_FUZZ_SEED=${seed} npx vitest run test/core/schedule/oracle.test.ts`;
const stepsEach = 4;
const stepsFromStart = 40;

type Next = (spec: ScheduleSpec, after: number) => number | undefined;

/** Where a walk begins: somewhere in the two years, or within three hours of a shift of the clocks. */
const start = fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), nearShift: fc.boolean(), offMs: fc.integer({ min: -10_800_000, max: 10_800_000 }) });
const starts = fc.array(start, { minLength: 6, maxLength: 6 });
type Start = typeof start extends fc.Arbitrary<infer One> ? One : never;

test(
  `a scan of every minute of two years finds the same due times for ${specCount} random specs in ${Object.keys(zones).length} zones (${repeat})`,
  () => {
    const seen = check(nextDue, specCount);
    expect(seen.compared).toBeGreaterThan(specCount * 10);
    expect(seen.nearShifts).toBeGreaterThan(specCount / 2);
    expect(seen.ends).toBeGreaterThan(specCount / 10);
  },
  60_000 + specCount * 600, // so long only where it hangs
);

test("the tables of all zones but one have shifts: of an hour, of half an hour, of two, and of a whole day", () => {
  const widths = Object.entries(zones).map(([zone, firstDay]) => {
    const { shown, shifts } = zoneTable(zone, firstDay);
    return [zone, new Set([...shifts.keys()].map((place) => Math.abs((shown[place] ?? 0) - (shown[place - 1] ?? 0) - 1)))] as const;
  });
  expect(Object.fromEntries(widths.map(([zone, minutes]) => [zone, [...minutes].toSorted((left, right) => left - right)]))).toEqual({
    "Europe/Berlin": [60],
    "America/New_York": [60],
    "America/Santiago": [60],
    "Australia/Lord_Howe": [30],
    "Asia/Kathmandu": [],
    "Africa/Casablanca": [60],
    "Pacific/Apia": [60, 1440],
    "Pacific/Chatham": [60],
    "Antarctica/Troll": [120],
    "Europe/Dublin": [60],
  });
});

test.each<readonly [string, Next]>([
  ["croner's own rules for shifts of the clock", withOwnRules],
  ["times that show twice and are due twice", twice],
  ["a due time that is found again", (spec, after) => nextDue(spec, after - 1)],
  ["bounds that are not kept", ({ when, timezone }, after) => nextDue({ when, timezone }, after)],
])("the scan finds out: %s", (_, broken) => {
  expect(() => check(broken, 300, true)).toThrow(/Property failed/);
});

interface Seen {
  compared: number;
  nearShifts: number;
  ends: number;
}

function check(next: Next, numRuns: number, endOnFailure = false): Seen {
  const seen = { compared: 0, nearShifts: 0, ends: 0 };
  const property = fc.property(specs, starts, (subject, points) => {
    const table = zoneTable(subject.spec.timezone, zones[subject.spec.timezone] ?? "");
    const oracle = oracleOf(subject, table);
    const walk = (after: number, count: number) => {
      compare({ spec: subject.spec, table, next, oracle }, { after, steps: count }, seen);
    };
    for (const point of points) walk(instantOf(point, table), stepsEach);
    walk(table.from - 1, stepsFromStart);
  });
  fc.assert(property, { numRuns, seed, endOnFailure });
  return seen;
}

function instantOf({ share, nearShift, offMs }: Start, { from, until, shifts }: ZoneTable): number {
  const shift = [...shifts.keys()][Math.floor(share * shifts.size)];
  return nearShift && shift !== undefined ? from + shift * 60_000 + offMs : from + Math.floor(share * (until - from));
}

interface Compared {
  readonly spec: ScheduleSpec;
  readonly table: ZoneTable;
  readonly next: Next;
  readonly oracle: Oracle;
}

/** So many due times later than `after`, or all that there are. */
function compare({ spec, table, next, oracle }: Compared, { after, steps }: { readonly after: number; readonly steps: number }, seen: Seen): void {
  let last = after;
  for (let step = 0; step < steps; step++) {
    const due = next(spec, last);
    const expected = oracle(last);
    seen.compared++;
    // The table ends; what is due after it, nobody knows.
    if ((due === undefined || due >= table.until ? undefined : due) !== expected) expect(`${written(due)}, after ${written(last)}`).toBe(written(expected));
    if (expected === undefined) {
      seen.ends++;
      return;
    }
    if ([...table.shifts.keys()].some((place) => Math.abs(table.from + place * 60_000 - expected) < 10_800_000)) seen.nearShifts++;
    last = expected;
  }
}

function written(time: number | undefined): string {
  return time === undefined ? "never" : new Date(time).toISOString();
}

// What is wrong on purpose.

/** croner with its own view of zones: times in a gap are left out, or fire; times that show twice fire twice, or once. */
function withOwnRules(spec: ScheduleSpec, after: number): number | undefined {
  const { when, timezone, startAt = -Infinity, endAt = Infinity } = spec;
  if (!("cron" in when)) return nextDue(spec, after);
  const next = ownCron(when.cron, timezone).nextRun(new Date(Math.max(after, startAt - 1)))?.getTime();
  return next !== undefined && next < endAt ? next : undefined;
}

let own: { readonly key: string; readonly cron: Cron } | undefined;

function ownCron(line: string, timezone: string): Cron {
  const key = `${line} ${timezone}`;
  if (own?.key !== key) own = { key, cron: new Cron(line, { mode: "5-or-6-parts", timezone }) };
  return own.cron;
}

/** Both times that show twice. */
function twice(spec: ScheduleSpec, after: number): number | undefined {
  const next = nextDue(spec, after);
  const again = (nextDue(spec, after - 3_600_000) ?? Infinity) + 3_600_000;
  return again > after && isRepeated(spec.timezone, again) && again < (next ?? Infinity) ? again : next;
}

function isRepeated(zone: string, instant: number): boolean {
  return wallTimeAt(zone, instant) === wallTimeAt(zone, instant - 3_600_000);
}
