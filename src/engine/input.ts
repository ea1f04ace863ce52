import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { JsonSchema } from "../base/json.js";
import { InvalidInputError } from "../core/errors.js";
import type { WorkflowDefinition } from "./definition.js";

/** The input as the workflow's schema gives it back (defaults filled in), or as it is where there is none. Throws InvalidInputError. */
export async function validateInput(definition: WorkflowDefinition, input: unknown): Promise<unknown> {
  const schema = definition.options.input;
  if (schema === undefined) return input;
  const result = await schema["~standard"].validate(input);
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ path, message }) => ({ path: (path ?? []).map(keyOf).join("."), message }));
  throw new InvalidInputError(definition.name, issues);
}

/** The schema of the input as JSON Schema; undefined where there is none, or its library can't say. */
export function inputSchemaOf(definition: WorkflowDefinition): JsonSchema | undefined {
  const standard: unknown = definition.options.input?.["~standard"];
  if (!hasJsonSchema(standard)) return undefined;
  try {
    return standard.jsonSchema.input({ target: "draft-2020-12" });
  } catch {
    return undefined;
  }
}

interface WithJsonSchema {
  readonly jsonSchema: { input(options: { readonly target: string }): JsonSchema };
}

function hasJsonSchema(standard: unknown): standard is WithJsonSchema {
  return typeof standard === "object" && standard !== null && "jsonSchema" in standard;
}

function keyOf(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof segment === "object" ? segment.key : segment);
}
