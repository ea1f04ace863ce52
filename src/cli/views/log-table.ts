import type { LogEntry } from "../../services/show-log.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";
import { formatPrecise } from "../times.js";

export function logTable(entries: readonly LogEntry[], screen: Screen): string {
  return table<LogEntry>(
    [
      { head: "#", rank: 0, cell: ({ sequence }) => String(sequence) },
      { head: "Type", rank: 1, cell: ({ type }) => type, paint: (text, { type }) => paintType(type, text, screen) },
      { head: "Time", rank: 2, cell: ({ timestamp }) => formatPrecise(timestamp, screen) },
      { head: "Data", rank: 3, cell: ({ data }) => toJson(data) },
    ],
    entries,
    screen,
  );
}

function paintType(type: string, text: string, { paint }: Screen): string {
  if (type.endsWith(".completed")) return paint.green(text);
  if (type.endsWith(".failed")) return paint.red(text);
  if (type.endsWith(".interrupted") || type.endsWith(".resumed")) return paint.cyan(text);
  if (type.endsWith(".suspended") || type.endsWith(".retrying")) return paint.yellow(text);
  return type.includes("cancel") ? paint.magenta(text) : paint.blue(text);
}
