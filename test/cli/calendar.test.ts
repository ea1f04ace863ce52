import { expect, test } from "vitest";
import { calendarKeyOf, parseCalendarEntry } from "../../src/cli/calendar.js";

test("an entry is numbers and names, Monday being 0 and January 1", () => {
  expect(parseCalendarEntry("second=5, minute=30,hour=9,day=31,month=Jan,weekday=mon")).toEqual({ second: 5, minute: 30, hour: 9, dayOfMonth: 31, month: 1, dayOfWeek: 0 });
  expect(parseCalendarEntry("month=dec,weekday=SUN")).toEqual({ month: 12, dayOfWeek: 6 });
  expect(parseCalendarEntry("day=32")).toEqual({ dayOfMonth: 32 }); // refused by the schedule
});

test.each([
  ["noon", "noon is no key=value", "write --calendar"],
  ["", "an empty entry is no key=value", "write --calendar"],
  ["day=1,", "an empty entry is no key=value", "write --calendar"],
  ["day=", "day= is no key=value", "write --calendar"],
  ["day=1=2", "day=1=2 is no key=value", "write --calendar"],
  ["dya=1", "an entry has no dya", "did you mean day?"],
  ["toString=1", "an entry has no toString", "its keys are second, minute"],
  ["day=1,day=2", "day is given twice", "another --calendar"],
  ["day=first", "day: first is no number", "write day=1"],
  ["day=-1", "day: -1 is no number", "write day=1"],
  ["weekday=mno", "weekday: mno is no number", "did you mean mon?"],
  ["month=-", "month: - is no number", "jan, feb"],
  ["month=0x1", "month: 0x1 is no number", "jan, feb"],
])("%j is refused: %s", (text, message, hint) => {
  expect(() => parseCalendarEntry(text)).toThrow(expect.objectContaining({ code: "USAGE", message, hint: expect.stringContaining(hint) as string }));
});

test("the name of a field on the command line", () => {
  expect(["dayOfMonth", "dayOfWeek", "hour", "year"].map(calendarKeyOf)).toEqual(["day", "weekday", "hour", "year"]);
});
