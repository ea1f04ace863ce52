import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema } from "../base/json.js";
import { InvalidDefinitionError, InvalidInputError, type Issue } from "../core/errors.js";
import type { WorkflowDefinition } from "./definition.js";

/** What a schema says of a value: the value as it gives it back (defaults filled in), or what is wrong with it and where. */
export type Checked = { readonly value: unknown } | { readonly issues: readonly Issue[] };

/** The value as the schema gives it back, or its issues. Any schema is content with anything where there is none. */
export async function check(schema: StandardSchemaV1 | undefined, value: unknown): Promise<Checked> {
  return schema === undefined ? { value } : checkedOf(await schema["~standard"].validate(value));
}

/** The input as the workflow's schema gives it back, or as it is where there is none. Throws InvalidInputError. */
export async function validateInput({ name, options }: WorkflowDefinition, input: unknown): Promise<unknown> {
  return valueOf(name, await check(options.input, input));
}

/** The same where nobody can wait: inside a turn of a body. Throws InvalidDefinitionError for a schema that answers later. */
export function validateInputNow({ name, options }: WorkflowDefinition, input: unknown): unknown {
  const result = options.input?.["~standard"].validate(input);
  if (result === undefined) return input;
  if (result instanceof Promise) {
    throw new InvalidDefinitionError(`the input schema of ${name} answers asynchronously, and continueAsNew() can't wait for it`, "give the workflow a schema that validates synchronously");
  }
  return valueOf(name, checkedOf(result));
}

/** The schema as JSON Schema; undefined where there is none, or its library can't say. */
export function jsonSchemaOf(schema: StandardSchemaV1 | undefined): JsonSchema | undefined {
  const standard: unknown = schema?.["~standard"];
  if (!hasJsonSchema(standard)) return undefined;
  try {
    // A field that JSON Schema has no word for, a Date say, takes anything there: the others keep their names and types.
    return standard.jsonSchema.input({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } });
  } catch {
    return undefined;
  }
}

function checkedOf(result: StandardSchemaV1.Result<unknown>): Checked {
  if (result.issues === undefined) return { value: result.value };
  return { issues: result.issues.map(({ path, message }) => ({ path: (path ?? []).map(keyOf).join("."), message })) };
}

function valueOf(workflowName: string, checked: Checked): unknown {
  if ("issues" in checked) throw new InvalidInputError(workflowName, checked.issues);
  return checked.value;
}

interface WithJsonSchema {
  readonly jsonSchema: { input(options: { readonly target: string; readonly libraryOptions: Readonly<Record<string, unknown>> }): JsonSchema };
}

function hasJsonSchema(standard: unknown): standard is WithJsonSchema {
  return typeof standard === "object" && standard !== null && "jsonSchema" in standard;
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === "object" ? segment.key : segment);
}
