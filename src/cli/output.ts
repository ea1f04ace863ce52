import type { Screen } from "./screen.js";

export const outputFormats = ["table", "json", "jsonl", "plain"] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** Whether programs read it: then what goes to stderr is for them too. */
export function isForPrograms(format: OutputFormat): boolean {
  return format === "json" || format === "jsonl";
}

/** How people read a value; json and jsonl need no view, they print the value itself. */
export interface Views {
  /** The text for a person, without a line end; an empty text prints nothing. */
  table(screen: Screen): string;
  /** Ids, one a line, for xargs. */
  plain(): readonly string[];
}

/** The value as text of that format, each line ended. */
export function render(value: unknown, format: OutputFormat, view: () => string): string {
  if (format === "json") return `${toJson(value, 2)}\n`;
  if (format !== "jsonl") return ended(view());
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => `${toJson(item)}\n`).join("");
}

/** JSON of any value that a log can hold; what JSON has no form for is shown in the nearest one. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(jsonable(value, []) ?? null, null, indent);
}

function ended(text: string): string {
  return text === "" ? "" : `${text}\n`;
}

function jsonable(value: unknown, above: readonly object[]): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value !== "object" || value === null) return value;
  if (above.includes(value)) return "[circular]";
  const inside = (item: unknown): unknown => jsonable(item, [...above, value]);
  if (Array.isArray(value)) return Array.from(value, inside);
  return special(value, inside) ?? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inside(item)]));
}

function special(value: object, inside: (item: unknown) => unknown): unknown {
  if (value instanceof Date || value instanceof URL) return value.toJSON() ?? "Invalid Date";
  if (value instanceof RegExp) return String(value);
  if (Buffer.isBuffer(value)) return value.toString("base64");
  if (value instanceof Error) return Object.fromEntries(errorFields(value).map(([key, item]) => [key, inside(item)]));
  if (value instanceof Set) return Array.from(value, inside);
  if (value instanceof Map) return mapOf(value, inside);
  if (value instanceof ArrayBuffer) return Buffer.from(value).toString("base64");
  return ArrayBuffer.isView(value) && isIterable(value) ? Array.from(value, inside) : undefined;
}

function errorFields(error: Error): readonly (readonly [string, unknown])[] {
  return [["name", error.name], ["message", error.message], ...Object.entries(error)];
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** An object where every key is text, else pairs. */
function mapOf(map: ReadonlyMap<unknown, unknown>, inside: (item: unknown) => unknown): unknown {
  const pairs = Array.from(map, ([key, item]): [unknown, unknown] => [inside(key), inside(item)]);
  return pairs.every((pair): pair is [string, unknown] => typeof pair[0] === "string") ? Object.fromEntries(pairs) : pairs;
}
