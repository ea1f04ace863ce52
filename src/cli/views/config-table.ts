import { writeDuration } from "../../base/duration.js";
import type { ConfigRow } from "../../services/show-config.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";

export function configTable(rows: readonly ConfigRow[], screen: Screen): string {
  const { paint } = screen;
  return table<ConfigRow>(
    [
      { head: "Key", rank: 0, least: Infinity, cell: ({ key }) => key },
      { head: "Value", rank: 1, cell: configValue },
      { head: "Source", rank: 2, cell: ({ source }) => source, paint: (text, { source }) => (source === "default" ? paint.dim(text) : text) },
    ],
    rows,
    screen,
  );
}

/** The value as the file would have it; `-` for none. */
export function configValue({ value, isDuration }: ConfigRow): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return "-";
  if (isDuration && typeof value === "number") return writeDuration(value * 1000);
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "string" ? value : toJson(value);
}
