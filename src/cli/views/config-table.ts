import { basename } from "node:path";
import { writeDuration } from "../../base/duration.js";
import type { ConfigLook, ConfigRow } from "../../services/show-config.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";

// At 40 columns something of each can be read.
const [leastOfKey, leastOfSource, leastOfValue] = [14, 7, 9];

/** `file` is said above it: of what comes from there, the place alone. */
export function configTable({ file, rows }: ConfigLook, screen: Screen): string {
  const { paint } = screen;
  return table<ConfigRow>(
    [
      { head: "Key", rank: 0, least: leastOfKey, cell: ({ key }) => key },
      { head: "Value", rank: 2, least: leastOfValue, cell: configValue },
      { head: "Source", rank: 1, least: leastOfSource, cell: ({ source }) => (screen.terminal ? placeIn(file, source) : source), paint: (text, { source }) => (source === "default" ? paint.dim(text) : text) },
    ],
    rows,
    screen,
  );
}

function placeIn(file: string | undefined, source: string): string {
  const of = (place: string): string => {
    const [, path = "", position = ""] = /^(.+):(\d+:\d+)$/.exec(place) ?? [];
    return basename(path) === basename(file ?? "") ? position : place;
  };
  return file === undefined ? source : source.split(", ").map(of).join(", ");
}

/** The value as the file would have it; `-` for none. */
export function configValue({ value, isDuration }: ConfigRow): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return "-";
  if (isDuration && typeof value === "number") return writeDuration(value * 1000);
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" ? value : toJson(value);
}
