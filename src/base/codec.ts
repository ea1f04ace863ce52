import { DevalueError, parse, stringify } from "devalue";

declare const encoded: unique symbol;
/** A value as text: `j` and JSON where the value is plain JSON, else `d` and devalue's form. */
export type Encoded = string & { readonly [encoded]: true };

/** Thrown by {@link encode}: the value holds something that can't be stored. `path` leads to it, e.g. `.items[2].callback`. */
export class NotStorableError extends TypeError {
  override readonly name = "NotStorableError";
  readonly path: string;
  readonly what: string;
  constructor(path: string, what: string) {
    super(`${path === "" ? "the value" : path} is ${what}`);
    this.path = path;
    this.what = what;
  }
}

/**
 * The value as text. Dates, Map, Set, bigint, undefined, NaN, typed arrays, Buffers, Errors with their causes, URL and
 * RegExp survive; functions, symbols, promises and instances of other classes throw NotStorableError with their path.
 */
export function encode(value: unknown): Encoded {
  if (isPlainJson(value, 0, new Set())) return `j${JSON.stringify(value)}` as Encoded;
  try {
    return `d${stringify(value, reducers)}` as Encoded;
  } catch (error) {
    if (error instanceof DevalueError) throw new NotStorableError(error.path, describe(error.value));
    if (isStackOverflow(error)) throw new NotStorableError("", "nested too deeply (a thousand levels are no trouble)");
    throw error;
  }
}

/** A fresh copy of the value that was encoded. */
export function decode(text: Encoded): unknown {
  return text.startsWith("j") ? JSON.parse(text.slice(1)) : parse(text.slice(1), revivers);
}

/** Text that came out of a store, taken for what {@link encode} wrote. The only other door to the type. */
export function asEncoded(text: string): Encoded {
  return text as Encoded;
}

const depthMax = 200; // deeper: devalue's affair
const sharedDepth = 8;

// From a certain depth on, an object that comes twice ends the walk: a circle would never end, and in a graph where each
// level refers to the next one twice the walk would double with every level. Above, a shared object is simply written twice.
function isPlainJson(value: unknown, depth: number, deep: Set<object>): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      if (value === null) return true;
      if (depth >= sharedDepth && (depth > depthMax || deep.size === deep.add(value).size)) return false;
      return isPlainObject(value, depth + 1, deep);
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number, deep: Set<object>): boolean {
  if ("toJSON" in value && typeof value.toJSON === "function") return false; // not enumerable, or we would not come this far; JSON calls it
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!(index in value) || !isPlainJson(value[index], depth, deep)) return false;
    }
    return Object.keys(value).length === value.length;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype || Object.getOwnPropertySymbols(value).length > 0) return false;
  for (const item of Object.values(value)) {
    if (!isPlainJson(item, depth, deep)) return false;
  }
  return true;
}

// devalue passes over what a reducer returns as false, "" or 0: hence the objects.
const reducers = { Error: reduceError, Buffer: reduceBuffer };
const revivers = { Error: reviveError, Buffer: ({ base64 }: StoredBuffer) => Buffer.from(base64, "base64") };

interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  /** Not there yet where a field leads back to the error: that circle ends with its name, message and stack. */
  readonly own?: Record<string, unknown>;
}

interface StoredBuffer {
  readonly base64: string;
}

function reduceError(value: unknown): StoredError | undefined {
  if (!(value instanceof Error)) return undefined;
  const names = Object.getOwnPropertyNames(value).filter((key) => !["name", "message", "stack", "__proto__"].includes(key));
  const own = Object.fromEntries(names.filter((key) => isStorableField(value, key)).map((key) => [key, Reflect.get(value, key)]));
  return { name: textOf(value.name) ?? "Error", message: textOf(value.message) ?? "", stack: textOf(value.stack), own };
}

// What can't be stored of an error is left out: an error must never hide behind another one.
function isStorableField(error: Error, key: string): boolean {
  try {
    stringify(Reflect.get(error, key), { ...reducers, Error: skipError });
    return true;
  } catch {
    return false;
  }
}

// An error inside a field decides about its own fields when its turn comes; deciding here as well would double the work
// with every cause, and never end where a cause leads back.
function skipError(value: unknown): object | undefined {
  return value instanceof Error ? {} : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

const nativeErrors: Readonly<Record<string, ErrorConstructor>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

function reviveError(stored: StoredError): Error {
  const error = new (nativeErrors[stored.name] ?? Error)(stored.message);
  if (error.name !== stored.name) hide(error, "name", stored.name);
  hide(error, "stack", stored.stack);
  for (const [key, value] of Object.entries(stored.own ?? {})) {
    const enumerable = key !== "cause" && key !== "errors";
    Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable });
  }
  return error;
}

// As on a fresh Error: not enumerable, so a log or an assertion prints it once.
function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

function reduceBuffer(value: unknown): StoredBuffer | undefined {
  return Buffer.isBuffer(value) ? { base64: value.toString("base64") } : undefined;
}

function isStackOverflow(error: unknown): boolean {
  return error instanceof RangeError && error.message.includes("call stack");
}

function describe(value: unknown): string {
  if (typeof value === "function") return `a function${value.name === "" ? "" : ` (${value.name})`}`;
  if (typeof value === "symbol") return "a symbol";
  if (typeof value !== "object" || value === null) return String(value);
  if ("then" in value && typeof value.then === "function") return "a promise that nobody waited for";
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.hasOwn(value, "__proto__") ? "an object with a key __proto__ beside values that JSON lacks" : "an object with symbols as keys";
  }
  const owner: unknown = Reflect.get(value, "constructor");
  return `an instance of ${typeof owner === "function" ? owner.name : "an unnamed class"}`;
}

/** Whether two encoded values are the same but for the stacks of errors in them, which a moved line of code changes. */
export function sameExceptStacks(a: Encoded, b: Encoded): boolean {
  return a === b || (a.startsWith("d") && b.startsWith("d") && withoutStacks(a) === withoutStacks(b));
}

function withoutStacks(text: Encoded): string {
  return stringify(decode(text), { ...reducers, Error: stacklessError });
}

function stacklessError(value: unknown): StoredError | undefined {
  const stored = reduceError(value);
  return stored && { ...stored, stack: undefined };
}
