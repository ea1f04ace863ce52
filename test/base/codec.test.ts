import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asEncoded, decode, encode, NotStorableError } from "../../src/base/codec.js";

function copyOf<T>(value: T): T {
  return decode(asEncoded(encode(value))) as T;
}

function refusalOf(value: unknown): NotStorableError {
  try {
    encode(value);
  } catch (error) {
    if (error instanceof NotStorableError) return error;
    throw error;
  }
  throw new TypeError("it was stored");
}

function withHoles(length: number, items: Record<number, unknown>): unknown[] {
  return Object.assign([], items, { length });
}

describe("a copy is like the original", () => {
  // Everything that a log holds, nested in everything that can hold it.
  const leaf = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\uD800", "\u2028", "</script>", ""),
    fc.double(),
    fc.integer(),
    fc.constantFrom<unknown>(undefined, null, true, false, NaN, -0, Infinity, -Infinity),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.webUrl().map((url) => new URL(url)),
    fc.constantFrom(/a+"\/\n/giu, /(?:)/, /[\]\\]/y),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc.uint8Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.uint8Array().map((bytes) => bytes.slice().buffer),
  );
  // A key __proto__ is stored in plain JSON only, and has tests of its own below.
  const key = fc.oneof({ weight: 5, arbitrary: fc.string().filter((name) => name !== "__proto__") }, { weight: 1, arbitrary: fc.constantFrom("toJSON", "constructor", "length", "then", "0", "") });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      leaf,
      fc.array(tie("value")),
      fc.sparseArray(tie("value"), { maxNumElements: 4 }),
      fc.dictionary(key, tie("value")),
      fc.dictionary(key, tie("value"), { noNullPrototype: true }),
      fc.array(fc.tuple(tie("value"), tie("value"))).map((entries) => new Map(entries)),
      fc.array(tie("value")).map((items) => new Set(items)),
      tie("error"),
    ),
    error: fc
      .record({ of: fc.constantFrom(Error, TypeError, RangeError), message: fc.string(), cause: fc.option(tie("value")), code: tie("value") })
      .map(({ of, message, cause, code }) => Object.assign(new of(message, cause === null ? undefined : { cause }), { code })),
  }));

  test("whatever it is made of", () => {
    fc.assert(
      fc.property(value, (original) => {
        const copy = copyOf(original);
        expect(isDeepStrictEqual(copy, original)).toBe(true);
        expect(encode(copy)).toBe(encode(original));
      }),
      { numRuns: 500 },
    );
  });

  test("plain JSON is stored as JSON, and only that", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (original) => {
        const safe: unknown = JSON.parse(JSON.stringify(original)); // without -0
        expect(encode(safe)).toBe(`j${JSON.stringify(safe)}`);
        expect(copyOf(safe)).toEqual(safe);
      }),
    );
    expect([undefined, -0, NaN, 1n, new Date(0), [undefined], { a: undefined }, withHoles(2, { 1: 1 })].map((item) => encode(item)[0])).toEqual(Array.from({ length: 8 }, () => "d"));
  });

  test("an invalid Date stays one", () => {
    expect(copyOf(new Date(NaN)).getTime()).toBeNaN();
  });

  test("holes stay holes, beside undefined", () => {
    const copy = copyOf(withHoles(4, { 1: undefined, 2: 1 }));
    expect(copy).toHaveLength(4);
    expect([0, 1, 2, 3].map((index) => index in copy)).toEqual([false, true, true, false]);
  });

  test("an empty Buffer stays a Buffer; a view of a larger one takes no neighbours along", () => {
    expect(Buffer.isBuffer(copyOf(Buffer.alloc(0)))).toBe(true);
    const view = Buffer.from("secret-shown").subarray(7);
    expect(copyOf(view).toString()).toBe("shown");
    expect(encode(view)).not.toContain(Buffer.from("secret").toString("base64"));
  });

  test("keys that look dangerous are only keys", () => {
    const written = JSON.parse('{ "__proto__": { "admin": true }, "toJSON": 1 }') as object;
    const copy = copyOf(written);
    expect(Object.keys(copy)).toEqual(["__proto__", "toJSON"]);
    expect(Reflect.get({}, "admin")).toBeUndefined();
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  test("a toJSON that JSON would call is not called", () => {
    const hidden = Object.defineProperty({ a: 1 }, "toJSON", { value: () => "replaced" });
    expect(copyOf(hidden)).toEqual({ a: 1 });
  });

  test("circles and shared parts come back as such", () => {
    const circle: Record<string, unknown> = { name: "a" };
    circle["self"] = circle;
    const copy = copyOf(circle);
    expect(copy["self"]).toBe(copy);

    interface Node {
      readonly parent: Node | undefined;
      readonly children: Node[];
    }
    const root: Node = { parent: undefined, children: [] };
    for (let index = 0; index < 5; index++) root.children.push({ parent: root, children: [] });
    const tree = copyOf(root);
    expect(tree.children.every(({ parent }) => parent === tree)).toBe(true);
  });

  test("a graph whose paths double with each level takes no longer than its nodes", () => {
    let node: object = { end: true };
    for (let level = 0; level < 100; level++) node = { left: node, right: node };
    let copy = copyOf(node);
    for (let level = 0; level < 100; level++) copy = Reflect.get(copy, level % 2 === 0 ? "left" : "right") as object;
    expect(copy).toEqual({ end: true });
  });

  test("a thousand levels are no trouble, with and without a Date at the bottom", () => {
    for (const bottom of [1, new Date(0)]) {
      let deep: unknown = bottom;
      for (let level = 0; level < 1000; level++) deep = [deep];
      expect(isDeepStrictEqual(copyOf(deep), deep)).toBe(true);
    }
  });
});

describe("errors", () => {
  test("keep name, message, stack, cause and own fields", () => {
    class PaymentError extends Error {
      override readonly name = "PaymentError";
      readonly code = "DECLINED";
      readonly at = new Date(0);
    }
    const original = new PaymentError("declined", { cause: new TypeError("no card", { cause: "a text" }) });
    const copy = copyOf(original);
    expect(copy).toBeInstanceOf(Error);
    expect(copy).toMatchObject({ name: "PaymentError", message: "declined", code: "DECLINED", at: new Date(0) });
    expect(copy.stack).toBe(original.stack);
    expect(copy.cause).toBeInstanceOf(TypeError);
    expect(copy.cause).toMatchObject({ message: "no card", cause: "a text" });
    expect(Object.keys(copy)).toEqual(["code", "at"]);
  });

  test("of several keep them all", () => {
    const copy = copyOf(new AggregateError([new Error("one"), new RangeError("two")], "both"));
    expect(copy.name).toBe("AggregateError");
    expect(copy.errors.map((error: unknown) => (error as Error).message)).toEqual(["one", "two"]);
  });

  test("lose what can't be stored, and nothing else", () => {
    const copy = copyOf(
      Object.defineProperties(new Error("it broke", { cause: { socket: new WeakMap() } }), {
        retry: { value: () => 1, enumerable: true },
        status: { value: 503, enumerable: true },
        trap: { get: () => { throw new Error("a getter that throws"); }, enumerable: true },
        ["__proto__"]: { value: { admin: true }, enumerable: true },
      }),
    );
    expect(copy).toMatchObject({ message: "it broke", status: 503 });
    expect(Object.getOwnPropertyNames(copy).toSorted()).toEqual(["message", "stack", "status"]);
    expect(Object.getPrototypeOf(copy)).toBe(Error.prototype);
  });

  test("that lead back to themselves are stored", () => {
    const one = new Error("one");
    const two = new Error("two", { cause: { from: [one] } });
    one.cause = two;
    const copy = copyOf(one);
    expect(copy).toMatchObject({ message: "one", cause: { message: "two", cause: { from: [{ message: "one", stack: one.stack }] } } });
  });

  test("with a long chain of causes take one turn each", () => {
    let error = new Error("0");
    for (let index = 1; index <= 50; index++) error = new Error(String(index), { cause: error });
    let copy: unknown = copyOf(error);
    for (let index = 0; index < 50; index++) copy = (copy as Error).cause;
    expect(copy).toMatchObject({ message: "0" });
  });
});

describe("what can't be stored is refused with its path", () => {
  class Invoice {
    readonly total = 1;
  }
  function callback(): void {}

  test.each<[string, unknown, string, string]>([
    ["a function", callback, "", "a function (callback)"],
    ["a nested one", { items: [1, 2, { callback }] }, ".items[2].callback", "a function (callback)"],
    ["a symbol", [Symbol("x")], "[0]", "a symbol"],
    ["an instance of a class", { invoice: new Invoice() }, ".invoice", "an instance of Invoice"],
    ["in a Map", { m: new Map([["key", callback]]) }, '.m.get("key")', "a function (callback)"],
    ["a promise", { later: Promise.resolve(1) }, ".later", "a promise that nobody waited for"],
    ["a WeakMap", new WeakMap(), "", "an instance of WeakMap"],
    ["symbols as keys", { a: { [Symbol("x")]: 1 } }, ".a", "an object with symbols as keys"],
    ["__proto__ beside a Date", { a: { ["__proto__"]: 1, at: new Date(0) } }, ".a", "an object with a key __proto__ beside values that JSON lacks"],
  ])("%s", (_, value, ...[path, what]) => {
    expect(refusalOf(value)).toMatchObject({ path, what, message: `${path === "" ? "the value" : path} is ${what}` });
  });

  test("a nesting without end", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(refusalOf(deep).what).toContain("nested too deeply");
  });
});
