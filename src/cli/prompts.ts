import { InterruptedError } from "./ending-signals.js";
import { valueOf, type Field } from "./input.js";
import { oneLine, shorten } from "./text.js";
import { UsageError } from "./usage-error.js";

/** Whether somebody sits there to see the question, which is drawn on stderr, and to answer. */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Throws UsageError where nobody can answer. `answer` names the flag or argument that does. */
export function demandTerminal(answer: string): void {
  if (!canAsk()) throw new UsageError("there is no terminal to ask at", answer);
}

/** A text; an empty answer means `otherwise`. `objection` says what is wrong with one; then it is asked again. */
export function ask(message: string, otherwise: string | undefined, objection: (answer: string) => Promise<string | undefined> = async () => undefined): Promise<string> {
  return prompted(({ input }) => input({ message, validate: async (answer) => (await objection(answer)) ?? true, ...(otherwise !== undefined && { default: otherwise }) }, context));
}

/** A question whose empty answer is no, unless `otherwise` says that it is yes. */
export function confirm(message: string, otherwise = false): Promise<boolean> {
  return prompted((prompts) => prompts.confirm({ message, default: otherwise }, context));
}

export interface Choice {
  readonly value: string;
  readonly description: string;
}

/** One of the choices, by menu. Throws UsageError where nobody can answer; `answer` names the argument that does. */
export function choose(message: string, choices: readonly Choice[], answer: string): Promise<string> {
  demandTerminal(answer);
  const room = (process.stderr.columns || 80) - 5;
  const named = choices.map(({ value, description }) => ({ value, short: value, name: `${value}  ${shorten(oneLine(description), room - value.length)}`.trimEnd() }));
  return prompted(({ select }) => select({ message, choices: named }, context));
}

/** A value for each field, in its type. Only where somebody {@link canAsk}. */
export async function askFields(fields: readonly Field[]): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const field of fields) {
    const value = await prompted((prompts) => askField(prompts, field));
    if (value !== undefined) answers[field.name] = value;
  }
  return answers;
}

type Prompts = Awaited<ReturnType<typeof library>>;

// It takes a third of a second to import: only who asks pays for it.
const library = () => import("@inquirer/prompts");
const context = { output: process.stderr };

async function prompted<T>(use: (prompts: Prompts) => Promise<T>): Promise<T> {
  try {
    return await use(await library());
  } catch (error) {
    throw error instanceof Error && error.name === "ExitPromptError" ? new InterruptedError("nothing was done yet") : error;
  }
}

function askField(prompts: Prompts, field: Field): Promise<unknown> {
  const message = `${field.name} (${formOf(field)}${field.required ? "" : ", optional"})`;
  if (field.choices !== undefined) return askChoice(prompts, message, field);
  if (field.type === "boolean") return prompts.confirm({ message, default: field.default === true }, context);
  if (field.type === "number" || field.type === "integer") return askNumber(prompts, message, field);
  return askText(prompts, message, field);
}

function askChoice({ select }: Prompts, message: string, { choices = [], required, default: preset }: Field): Promise<unknown> {
  const named = choices.map((value) => ({ value, name: typeof value === "string" ? value : JSON.stringify(value) }));
  return select({ message, choices: required ? named : [...named, { value: undefined, name: "(none)" }], default: preset }, context);
}

function askNumber({ number }: Prompts, message: string, { type, required, default: preset }: Field): Promise<unknown> {
  return number({ message, required, step: type === "integer" ? 1 : "any", ...(typeof preset === "number" && { default: preset }) }, context);
}

async function askText({ input }: Prompts, message: string, { type, required, default: preset }: Field): Promise<unknown> {
  const shown = typeof preset === "string" ? preset : JSON.stringify(preset);
  const validate = (answer: string) => answer === "" || !isJson(type) || fitsJson(answer) || "This is no JSON";
  const text = await input({ message, required, validate, ...(preset !== undefined && { default: shown }) }, context);
  return text === "" && !required ? undefined : valueOf(text, type);
}

function formOf({ type }: Field): string {
  return isJson(type) ? `${type} as JSON` : type;
}

function isJson(type: string): boolean {
  return type === "array" || type === "object";
}

function fitsJson(text: string): boolean {
  return typeof valueOf(text, "object") === "object";
}
