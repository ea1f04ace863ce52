import type { Field } from "./input.js";
import { valueOf } from "./input.js";
import { UsageError } from "./usage-error.js";

// The prompt library takes a third of a second to import: only who asks pays for it.
const library = () => import("@inquirer/prompts");

/** Whether somebody sits there to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** One of the choices, by menu. Without a terminal throws UsageError, which names the flag or argument that answers. */
export async function choose<T extends string>(message: string, choices: readonly { readonly value: T; readonly description: string }[], answer: string): Promise<T> {
  if (!canAsk()) throw new UsageError(`${message} There is no terminal to ask on.`, answer);
  const { select } = await library();
  const named = choices.map(({ value, description }) => ({ value, name: description === "" ? value : `${value}  ${description}` }));
  return select({ message, choices: named }, { output: process.stderr });
}

/** A value for each field, in its type. Only to be called where {@link canAsk}. */
export async function askFields(fields: readonly Field[]): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const field of fields) {
    const value = await askField(field);
    if (value !== undefined) answers[field.name] = value;
  }
  return answers;
}

async function askField(field: Field): Promise<unknown> {
  const { confirm, input, number } = await library();
  const context = { output: process.stderr };
  const message = `${field.name} (${field.type}${field.required ? "" : ", optional"})`;
  if (field.type === "boolean") return confirm({ message, default: field.default === true }, context);
  if (field.type === "number" || field.type === "integer") {
    const preset = typeof field.default === "number" ? { default: field.default } : {};
    return number({ message, required: field.required, step: field.type === "integer" ? 1 : "any", ...preset }, context);
  }
  const preset = field.default === undefined ? {} : { default: typeof field.default === "string" ? field.default : JSON.stringify(field.default) };
  const text = await input({ message, required: field.required, ...preset }, context);
  return text === "" && !field.required ? undefined : valueOf(text, field.type);
}
