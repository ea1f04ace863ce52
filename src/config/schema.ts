import { writeDuration } from "../base/duration.js";
import { isObject, type JsonSchema } from "../base/json.js";
import { aliases, keys, type Key } from "./keys.js";

/** The JSON Schema (draft 2020-12) of a configuration file, for editors: every key of the table, and nothing else. */
export function configSchema(): JsonSchema {
  const blocks = new Map<string, Properties>([["", {}]]);
  for (const key of Object.values(keys)) enter(blocks, key.path, keySchema(key));
  for (const [alias, path] of aliases) enter(blocks, alias, { ...find(blocks, path), deprecated: true, description: `the same as ${path}` });
  const all: Properties = {};
  for (const [name, properties] of blocks) Object.assign(all, name === "" ? properties : { [name]: block(["object", "null"], properties) });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "pyworkflow configuration",
    description: "pyworkflow.config.yaml. Every key may be left out; ${NAME} and ${NAME:-default} stand for variables of the environment.",
    ...block("object", all),
  };
}

type Properties = Record<string, JsonSchema>;

function block(type: string | readonly string[], properties: Properties): JsonSchema {
  return { type, properties, additionalProperties: false };
}

function enter(blocks: Map<string, Properties>, path: string, schema: JsonSchema): void {
  const { name, inside } = split(path);
  blocks.set(inside, { ...blocks.get(inside), [name]: schema });
}

function find(blocks: ReadonlyMap<string, Properties>, path: string): JsonSchema {
  const { name, inside } = split(path);
  return blocks.get(inside)?.[name] ?? {};
}

// Keys are in the file itself, or in a block.
function split(path: string): { readonly name: string; readonly inside: string } {
  const dot = path.lastIndexOf(".");
  return { name: path.slice(dot + 1), inside: path.slice(0, Math.max(0, dot)) };
}

function keySchema(key: Key<unknown> & { readonly fallback?: unknown }): JsonSchema {
  const { path, doc, expects, schema, fallback, isDuration } = key;
  const given = fallback === undefined ? {} : { default: isDuration && typeof fallback === "number" ? writeDuration(fallback) : fallback };
  return { title: path, description: `${doc} (${expects})`, ...given, ...orVariable(schema) };
}

// A text with a variable in it may turn out to be anything.
function orVariable({ examples, ...schema }: JsonSchema): JsonSchema {
  if (schema["type"] === "string" || schema["type"] === "array") return { ...schema, ...(examples !== undefined && { examples }) };
  const forms = Array.isArray(schema["anyOf"]) ? schema["anyOf"].filter(isObject) : [schema];
  return { anyOf: [...forms, { type: "string", pattern: variable }], ...(examples !== undefined && { examples }) };
}

const variable = String.raw`\$\{[A-Za-z_]\w*(:-[^}]*)?\}`;
