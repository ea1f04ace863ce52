/** A JSON Schema, as far as anybody looks into it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Whether the value is an object with fields: no array, not null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
