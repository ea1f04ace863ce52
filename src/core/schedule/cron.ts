import { didYouMean, nearest } from "../../base/nearest.js";
import { counted } from "../../base/plural.js";
import { InvalidScheduleError } from "../errors/schedules.js";
import { checkText, shown } from "./check.js";
import { isCron } from "./pattern.js";

const fields = [
  { name: "second", takes: "0 to 59" },
  { name: "minute", takes: "0 to 59" },
  { name: "hour", takes: "0 to 23" },
  { name: "day of month", takes: "1 to 31, or L for the last; 15W is the weekday nearest to the 15th, LW the last one" },
  { name: "month", takes: "1 to 12, or jan to dec" },
  { name: "day of week", takes: "0 to 7 (0 and 7 are Sunday) or sun to sat; mon#2 is the second Monday, monL the last" },
] as const;

const macros = ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"] as const;

const example = 'write minute, hour, day of month, month and day of week, e.g. "30 9 * * mon-fri"; six fields begin with the second';

const forms = "lists (1,2), ranges (1-5, low before high) and steps (*/5, 10-30/5)";

/** A cron line with one blank between its fields. */
export function checkCron(value: unknown): string {
  const parts = checkText("cron", value).trim().split(/\s+/);
  const line = parts.join(" ");
  if (line.startsWith("@")) return checkMacro(line);
  if (parts.length < 5 || parts.length > 6) throw new InvalidScheduleError("cron", `${shown(line)} has ${countWords(line === "" ? 0 : parts.length)}`, example);
  const wrong = (parts.length === 6 ? parts : ["0", ...parts]).findIndex((part, index) => !isCron(aloneAt(index, part)));
  const field = fields[wrong];
  if (field !== undefined) throw new InvalidScheduleError("cron", `${shown(parts.at(wrong - 6))} is no ${field.name}`, `${field.name}: ${field.takes}; ${forms}`);
  if (!isCron(line)) throw new InvalidScheduleError("cron", `${shown(line)} is no cron line`, example);
  return line;
}

function checkMacro(line: string): string {
  const macro = line.toLowerCase();
  if (macros.some((known) => known === macro)) return macro;
  const meant = nearest(macro, macros);
  throw new InvalidScheduleError("cron", `${shown(line)} is not known`, didYouMean(meant, `there are ${macros.join(", ")}`));
}

function countWords(count: number): string {
  return count === 0 ? "no fields" : counted(count, "field");
}

// The other fields take anything: what is refused is this one.
function aloneAt(index: number, part: string): string {
  return fields.map((_, other) => (other === index ? part : "*")).join(" ");
}
