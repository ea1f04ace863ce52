import { expect, test } from "vitest";
import { schemaNames, schemaOf } from "../support/json-schema.js";

// The rules of docs/cli/json.md, on the schema of every command.

/** The one is a schema itself; the other the stored form of runs. */
const withFormOfTheirOwn = new Set(["config-schema.json", "runs-export.json"]);

interface Key {
  /** `runs-list.json run_id`. */
  readonly where: string;
  readonly key: string;
  readonly schema: Schema;
  readonly required: boolean;
}

type Schema = Readonly<Record<string, unknown>>;

const names = schemaNames.filter((name) => !withFormOfTheirOwn.has(name));
const objects = names.flatMap((name) => objectsIn(name, schemaOf(name)));
const keys: readonly Key[] = objects.flatMap(({ name, schema }) => {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  return Object.entries(propertiesOf(schema)).map(([key, value]) => ({ where: `${name} ${key}`, key, schema: asSchema(value), required: required.includes(key) }));
});

test("there is something to hold to the rules", () => {
  expect([names.length > 50, objects.length > 60, keys.length > 300]).toEqual([true, true, true]);
});

test("keys are snake_case", () => {
  expect(offenders(({ key }) => /^[a-z]+(?:_[a-z]+)*$/.test(key))).toEqual([]);
});

test("no document has a key that its schema does not name", () => {
  const open = objects.filter(({ name, schema }) => "properties" in schema && !isClosed(name, schema)).map(({ name }) => name);
  expect(open).toEqual([]);
});

test("a key is always there, but for those that are named", () => {
  const absent = ["error.json stack", "runs-replay.json operation_id", "runs-replay.json reason", "runs-replay.json at", "schedules-next.json note", "runs-wait.json result", "runs-wait.json error", "workflows-run.json result", "workflows-run.json error"];
  expect(keys.filter(({ required }) => !required).map(({ where }) => where).toSorted()).toEqual(absent.toSorted());
});

test("times are times, and have the names of times", () => {
  const isNamedAsTime = ({ key }: Key): boolean => /_(?:at|time)$/.test(key) || ["due", "since", "until", "timestamp", "ended_before"].includes(key);
  expect(offenders((each) => !isNamedAsTime(each) || isTime(each.schema))).toEqual([]);
  expect(offenders((each) => !isTime(each.schema) || isNamedAsTime(each) || each.where === "schedule.json at")).toEqual([]);
});

test("durations are seconds, or say that they are milliseconds", () => {
  const seconds = new Set(["duration", "max_duration", "interval", "jitter", "catchup_window", "older_than"]);
  expect(offenders(({ key, schema }) => seconds.has(key) === refersTo(schema, "seconds"))).toEqual([]);
  expect(offenders(({ key, schema }) => !/_(?:ms|bytes|count|runs|attempts)$/.test(key) || (typeOf(schema) === "integer" && schema["minimum"] !== undefined))).toEqual([]);
});

test("ids are ids", () => {
  expect(offenders(({ key, schema }) => !/(?:^|_)run_id$/.test(key) || refersTo(schema, "run_id"))).toEqual([]);
  expect(offenders(({ key, schema }) => !["worker_id", "schedule_id", "operation_id", "step_id", "hook_id"].includes(key) || refersTo(schema, key.replace(/^(?:step|hook)/, "operation")))).toEqual([]);
});

test("a key has one type in all documents, but for those that are named", () => {
  // A count in runs status, a list in runs timeline; a time in a schedule's spec, a place in the code everywhere else.
  const sorts = new Map<string, Set<string>>();
  for (const { key, schema } of keys) sorts.set(key, (sorts.get(key) ?? new Set()).add(sortOf(schema)));
  const several = [...sorts].filter(([, found]) => found.size > 1).map(([key, found]) => `${key}: ${[...found].toSorted().join(" ")}`);
  expect(several.toSorted()).toEqual(["at: place time", "attempts: array integer"]);
});

test("what has --dry-run says whether it was one", () => {
  const documents = keys.filter(({ key }) => key === "dry_run");
  expect(documents.map(({ where, schema }) => [where, typeOf(schema)])).toEqual(
    ["runs-cancel.json", "runs-prune.json", "runs-rerun.json", "schedules-backfill.json", "setup.json", "storage-migrate.json", "storage-restore.json"].map((name) => [`${name} dry_run`, "boolean"]),
  );
});

function offenders(keeps: (key: Key) => boolean): readonly string[] {
  return keys.filter((each) => !keeps(each)).map(({ where }) => where);
}

/** Every schema of an object in the document, also inside others. */
function objectsIn(name: string, schema: unknown): readonly { readonly name: string; readonly schema: Schema }[] {
  if (typeof schema !== "object" || schema === null) return [];
  const inside = Object.values(schema).flatMap((each) => objectsIn(name, each));
  return "properties" in schema || ("type" in schema && schema.type === "object") ? [{ name, schema: asSchema(schema) }, ...inside] : inside;
}

/** Those that others extend are closed there. */
function isClosed(name: string, schema: Schema): boolean {
  const isExtended = name === "run-row.json";
  return schema["additionalProperties"] === false || schema["unevaluatedProperties"] === false || isExtended;
}

function propertiesOf(schema: Schema): Schema {
  return asSchema(schema["properties"] ?? {});
}

function isTime(schema: Schema): boolean {
  return refersTo(schema, "time");
}

function refersTo(schema: Schema, definition: string): boolean {
  return alternatives(schema).some(({ $ref }) => $ref === `values.json#/$defs/${definition}`);
}

/** The type without null; of what refers to a value its name, where that says more. */
function sortOf(schema: Schema): string {
  const [first = {}] = alternatives(schema);
  if (isTime(schema)) return "time";
  if (refersTo(schema, "place")) return "place";
  return typeOf(first);
}

function typeOf(schema: Schema): string {
  const [resolved = {}] = alternatives(schema).map(followed);
  const { type, const: only, enum: words } = resolved;
  if (Array.isArray(type)) return String(type.find((each) => each !== "null"));
  if (typeof type === "string") return type;
  const [word] = Array.isArray(words) ? words : [only];
  return word === undefined ? "any" : typeof word;
}

function alternatives(schema: Schema): readonly Schema[] {
  const options = schema["anyOf"] ?? schema["oneOf"];
  return Array.isArray(options) ? options.map(asSchema).filter(({ type }) => type !== "null") : [schema];
}

function followed(schema: Schema): Schema {
  const { $ref } = schema;
  if (typeof $ref !== "string") return schema;
  const [file = "", path = ""] = $ref.split("#");
  if (file === "") return { type: "object" };
  const root: unknown = schemaOf(file);
  return asSchema(path.split("/").slice(1).reduce((inside, name) => asSchema(inside)[name], root));
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
