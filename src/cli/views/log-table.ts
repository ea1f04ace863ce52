import type { LogEntry } from "../../services/show-log.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { oneLine, shorten } from "../text.js";
import { formatPrecise } from "../times.js";

export function logTable(entries: readonly LogEntry[], screen: Screen): string {
  return table<LogEntry>(
    [
      { head: "#", rank: 0, cell: ({ sequence }) => String(sequence) },
      { head: "Type", rank: 1, least: 11, cell: ({ type }) => type, paint: (text, { type }) => paintType(type, text, screen) },
      { head: "Time", rank: 2, least: Infinity, cell: ({ timestamp }) => timeOf(timestamp, screen) },
      { head: "Data", rank: 3, least: 12, cell: ({ data }) => toJson(data) },
    ],
    entries,
    screen,
  );
}

const [widthForDates, widthForMilliseconds] = [80, 50];

/** Of a time what the terminal bears; all of it elsewhere. */
function timeOf(time: Date, screen: Screen): string {
  const whole = formatPrecise(time, screen);
  if (!screen.terminal || screen.width >= widthForDates) return whole;
  return screen.width < widthForMilliseconds ? whole.slice(11, 19) : whole.slice(11);
}

const typeWidth = 24;

/** A line for each event, cut to the terminal: for a log that grows. */
export function logLines(entries: readonly LogEntry[], screen: Screen): string {
  return entries.map((entry) => logLine(entry, screen)).join("\n");
}

function logLine({ sequence, type, timestamp, data }: LogEntry, screen: Screen): string {
  const { paint, width } = screen;
  // Of the time of day no more than a narrow terminal bears.
  const time = width < 60 ? "" : `${formatPrecise(timestamp, screen).slice(11)}  `;
  const head = `${String(sequence).padStart(4)}  ${time}`;
  const said = `  ${oneLine(toJson(data))}`;
  const room = width - head.length - Math.max(typeWidth, type.length);
  return `${paint.dim(head)}${paintType(type, type.padEnd(typeWidth), screen)}${shorten(said, room)}`;
}

function paintType(type: string, text: string, { paint }: Screen): string {
  if (type.endsWith(".completed")) return paint.green(text);
  if (type.endsWith(".failed")) return paint.red(text);
  if (type.endsWith(".interrupted") || type.endsWith(".resumed")) return paint.cyan(text);
  if (type.endsWith(".suspended") || type.endsWith(".retrying")) return paint.yellow(text);
  return type.includes("cancel") ? paint.magenta(text) : paint.blue(text);
}
