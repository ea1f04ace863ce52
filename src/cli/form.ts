import type { JsonSchema } from "../base/json.js";
import { InvalidInputError, InvalidPayloadError } from "../core/errors.js";
import { fieldsOf, type Field } from "./input.js";
import { askFields } from "./prompts.js";

export interface FillInOptions<T> {
  readonly schema: JsonSchema | undefined;
  /** Throws InvalidInputError or InvalidPayloadError for what does not do. */
  readonly accept: (value: unknown) => Promise<T>;
  readonly note: (line: string) => void;
}

/** Asks for each field of the schema until what comes of them is accepted: what is refused is asked for again, the rest is kept. Only where somebody can answer. */
export async function fillIn<T>({ schema, accept, note }: FillInOptions<T>): Promise<T> {
  const form = formOf(schema);
  let answers = await askFields(form.fields);
  for (;;) {
    try {
      return await accept(form.valueOf(answers));
    } catch (error) {
      if (!(error instanceof InvalidPayloadError || error instanceof InvalidInputError)) throw error;
      note(error.message);
      const again = form.refused(error);
      const kept = Object.entries(answers).filter(([name]) => again.every((field) => field.name !== name));
      answers = { ...Object.fromEntries(kept), ...(await askFields(again)) };
    }
  }
}

type Answers = Readonly<Record<string, unknown>>;
type Refusal = InvalidPayloadError | InvalidInputError;

interface Form {
  readonly fields: readonly Field[];
  valueOf(answers: Answers): unknown;
  /** The fields that the error is about. */
  refused(error: Refusal): readonly Field[];
}

/** The questions that lead to a value: one for each field of an object, else a single one. */
function formOf(schema: JsonSchema | undefined): Form {
  const fields = fieldsOf(schema);
  if (fields.length > 0) return { fields, valueOf: (answers) => answers, refused: (error) => fieldsNamed(fields, error) };
  const type = typeof schema?.["type"] === "string" ? schema["type"] : "any";
  const whole = { name: "payload", type, required: true };
  return { fields: [whole], valueOf: ({ payload }) => payload, refused: () => [whole] };
}

// An issue about several fields names none of them: then all are asked for.
function fieldsNamed(fields: readonly Field[], { issues }: Refusal): readonly Field[] {
  const names = new Set(issues.map(({ path }) => path.split(".")[0]));
  const named = fields.filter(({ name }) => names.has(name));
  return named.length === 0 ? fields : named;
}
