import { isObject, type JsonSchema } from "../base/json.js";
import { demandUndamaged, textOfFile, textOfStdin } from "./read-text.js";
import { suggest, UsageError } from "./usage-error.js";

/** The flags that spell an input out. */
export interface InputFlags {
  /** `key=value`, repeatable. */
  readonly arg: readonly string[];
  /** JSON, `@file`, or `-` for stdin. */
  readonly argsJson: string | undefined;
}

const argsJsonFlag = { name: "--args-json", example: `--args-json '{"amount": 49.99}'` };

/**
 * The input that flags spell out; undefined where they say nothing. `--args-json` is merged over `--arg`. A value of `--arg` is
 * JSON, else text; where the schema wants a text it stays one. Throws UsageError.
 */
export async function inputFromFlags({ arg, argsJson }: InputFlags, schema: JsonSchema | undefined): Promise<unknown> {
  const pairs = arg.map((pair) => parsePair(pair, schema));
  const whole = argsJson === undefined ? undefined : await jsonOf(argsJsonFlag, argsJson);
  if (pairs.length === 0) return whole;
  const twice = pairs.find(([key], index) => pairs.findIndex(([other]) => other === key) < index);
  if (twice !== undefined) throw new UsageError(`--arg ${twice[0]} was given twice`, "give each field once; a list as JSON: --arg 'names=[\"a\", \"b\"]'");
  const fields = Object.fromEntries(pairs);
  if (whole === undefined) return fields;
  if (!isObject(whole)) throw new UsageError("--args-json is no object, so --arg can't be merged with it", "give one of the two");
  return { ...fields, ...whole };
}

/** Properties of an input schema, in order. */
export function fieldsOf(schema: JsonSchema | undefined): readonly Field[] {
  const properties = schema?.["properties"];
  if (!isObject(properties)) return [];
  const required = schema?.["required"];
  return Object.entries(properties).map(([name, property]) => ({
    name,
    type: isObject(property) && typeof property["type"] === "string" ? property["type"] : "any",
    required: Array.isArray(required) && required.includes(name),
    ...(isObject(property) && "default" in property && { default: property["default"] }),
    ...(isObject(property) && Array.isArray(property["enum"]) && { choices: property["enum"] }),
  }));
}

/** A property of a schema, as people are asked for it. */
export interface Field {
  readonly name: string;
  /** JSON Schema's word for it; `any` where it has none. */
  readonly type: string;
  readonly required: boolean;
  readonly default?: unknown;
  /** The only values, where they are listed. */
  readonly choices?: readonly unknown[];
}

/** A field's text as its value. */
export function valueOf(text: string, type: string): unknown {
  if (type === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parsePair(pair: string, schema: JsonSchema | undefined): readonly [string, unknown] {
  demandUndamaged(pair, `--arg ${pair}`);
  const cut = pair.indexOf("=");
  if (cut <= 0) throw new UsageError(`--arg ${pair} is no key=value`, "write --arg amount=49.99");
  const key = pair.slice(0, cut);
  const fields = fieldsOf(schema);
  const field = fields.find(({ name }) => name === key);
  if (field === undefined && fields.length > 0 && schema?.["additionalProperties"] !== true) {
    const names = fields.map(({ name }) => name);
    throw new UsageError(`--arg ${key}: the input has no field ${key}`, suggest(key, names, `its fields are ${names.join(", ")}`));
  }
  return [key, valueOf(pair.slice(cut + 1), field?.type ?? "any")];
}

/** A flag whose value is JSON. */
export interface JsonFlag {
  readonly name: string;
  /** How it is written right. */
  readonly example: string;
}

/** What a flag says in JSON, in `@file`, or on stdin (`-`). Throws UsageError. */
export async function jsonOf(flag: JsonFlag, source: string): Promise<unknown> {
  const stdin = `${flag.name} - (stdin)`;
  if (source === "-") return parseJson(flag, await textOfStdin(stdin), stdin);
  if (source.startsWith("@")) return jsonFile(flag, source.slice(1), `${flag.name} ${source}`);
  demandUndamaged(source, flag.name);
  return parseJson(flag, source, flag.name);
}

/** What is in a file, `place` being how the command line names it. Throws UsageError. */
export async function jsonFile(flag: JsonFlag, path: string, place = `${flag.name} ${path}`): Promise<unknown> {
  return parseJson(flag, await textOfFile(path, place), place);
}

function parseJson({ example }: JsonFlag, text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${place} is no JSON: ${error instanceof Error ? error.message : String(error)}`, `write for example ${example}`);
  }
}
