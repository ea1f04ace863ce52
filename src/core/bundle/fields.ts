import { asEncoded, decode, type Encoded } from "../../base/codec.js";
import { isObject, type JsonSchema } from "../../base/json.js";
import { InvalidBundleError } from "../errors/runs.js";
import { isValidName } from "../ids.js";

/** What one field of a bundle takes. */
export interface Field {
  /** Completes "expected …". */
  readonly expects: string;
  readonly isOptional?: true;
  /** The value as the program wants it, or undefined where it is not what the field takes. */
  read(given: unknown): unknown;
}

export type Fields = Readonly<Record<string, Field>>;

/** The fields of an object. Throws InvalidBundleError for one that is missing, does not fit, or is unknown. */
export function read(fields: Fields, given: unknown, path: string): Readonly<Record<string, unknown>> {
  const object = readObject(given, path);
  const unknown = Object.keys(object).find((key) => !Object.hasOwn(fields, key));
  if (unknown !== undefined) throw new InvalidBundleError(at(path, unknown), "is no field of it");
  const found = Object.entries(fields).map(([key, field]) => [key, readField(field, Object.hasOwn(object, key) ? object[key] : undefined, at(path, key))] as const);
  return Object.fromEntries(found.filter(([, fitting]) => fitting !== undefined));
}

export function readObject(given: unknown, path: string): Readonly<Record<string, unknown>> {
  if (isObject(given)) return given;
  throw new InvalidBundleError(path, `is ${show(given)}, expected an object`);
}

export function readField(field: Field, given: unknown, path: string): unknown {
  if (given === undefined && field.isOptional) return undefined;
  if (given === undefined) throw new InvalidBundleError(path, `is missing: expected ${field.expects}`);
  const fitting = field.read(given);
  if (fitting === undefined) throw new InvalidBundleError(path, `is ${show(given)}, expected ${field.expects}`);
  return fitting;
}

export function optional(field: Field): Field {
  return { ...field, isOptional: true };
}

export const text: Field = { expects: "a text", read: (given) => (typeof given === "string" ? given : undefined) };
export const flag: Field = { expects: "true or false", read: (given) => (typeof given === "boolean" ? given : undefined) };
export const yes: Field = { expects: "true, or to be left out", read: (given) => (given === true ? given : undefined) };
export const name: Field = { expects: "a name", read: (given) => (typeof given === "string" && isValidName(given) ? given : undefined) };
export const schema: Field = { expects: "a JSON Schema", read: (given): JsonSchema | undefined => (isObject(given) ? given : undefined) };
export const list: Field = { expects: "a list", read: (given) => (Array.isArray(given) ? given : undefined) };

const timeMax = 8_640_000_000_000_000; // the last millisecond that a Date has

export const time: Field = {
  expects: "a time in milliseconds since 1970",
  read: (given) => (isWhole(given) && given >= 0 && given <= timeMax ? given : undefined),
};

export function count(least: number): Field {
  return { expects: `a whole number from ${least} up`, read: (given) => (isWhole(given) && given >= least ? given : undefined) };
}

export function choice(words: readonly string[]): Field {
  const expects = words.length > 8 ? `one of ${words.length} words: ${words.slice(0, 3).join(", ")}…` : words.join(" or ");
  return { expects, read: (given) => words.find((word) => word === given) };
}

export function listOf(field: Field): Field {
  const every = (given: readonly unknown[]) => given.map((item) => field.read(item));
  return {
    expects: `a list, each ${field.expects}`,
    read: (given) => (Array.isArray(given) && every(given).every((item) => item !== undefined) ? every(given) : undefined),
  };
}

/** A stored value: `{ "json": … }`, or `{ "encoded": "…" }` for what JSON has no form for. */
export const value: Field = { expects: '{ "json": … } or { "encoded": "…" } with the text of a stored value', read: encodedOf };

function encodedOf(given: unknown): Encoded | undefined {
  if (!isObject(given) || Object.keys(given).length !== 1) return undefined;
  if (Object.hasOwn(given, "json")) return asEncoded(`j${JSON.stringify(given["json"])}`);
  const { encoded } = given;
  if (typeof encoded !== "string" || !/^[jd]/.test(encoded)) return undefined;
  try {
    decode(asEncoded(encoded));
    return asEncoded(encoded);
  } catch {
    return undefined;
  }
}

/** The path of a key below another path. */
export function at(path: string, key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

const shownMax = 60;

function show(given: unknown): string {
  const shown = JSON.stringify(given) ?? "nothing";
  return shown.length > shownMax ? `${shown.slice(0, shownMax)}…` : shown;
}

function isWhole(given: unknown): given is number {
  return typeof given === "number" && Number.isSafeInteger(given);
}
