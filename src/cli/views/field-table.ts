import type { Field } from "../input.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";

/** The fields of a schema. */
export function fieldTable(fields: readonly Field[], screen: Screen): string {
  return table<Field>(
    [
      { head: "Field", rank: 0, cell: ({ name }) => name },
      { head: "Type", rank: 1, cell: ({ type }) => type },
      { head: "Required", rank: 2, cell: ({ required }) => (required ? "yes" : "no") },
      { head: "Default", rank: 3, cell: (field) => (field.default === undefined ? "-" : JSON.stringify(field.default)) },
    ],
    fields,
    screen,
  );
}
