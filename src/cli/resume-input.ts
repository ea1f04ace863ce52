import type { JsonSchema } from "../base/json.js";
import { InvalidPayloadError } from "../core/errors.js";
import { openHooks, type HookRow } from "../services/list-hooks.js";
import type { Project } from "../services/project.js";
import { refusalOf, resumeHook, type ResumedHook } from "../services/resume-hook.js";
import { findHook, wholeToken } from "../services/show-hook.js";
import { fieldsOf, jsonFile, jsonOf, type Field } from "./input.js";
import { askFields, choose, demandTerminal } from "./prompts.js";
import { formatTime } from "./times.js";
import { UsageError } from "./usage-error.js";

const example = `--payload '{"approved": true}'`;

/** A payload that was given, which may be null. */
export interface Given {
  readonly payload: unknown;
}

/** The payload that flags spell out; undefined where they say nothing. Throws UsageError. */
export async function givenPayload({ payload, file }: { readonly payload: string | undefined; readonly file: string | undefined }): Promise<Given | undefined> {
  if (file !== undefined) return { payload: await jsonFile({ name: "--payload-file", example: '{"approved": true} into it' }, file) };
  return payload === undefined ? undefined : { payload: await jsonOf({ name: "--payload", example }, payload) };
}

/** Throws UsageError where something is left to be asked and nobody can answer. */
export function demandAnswers({ token, given }: { readonly token: string | undefined; readonly given: Given | undefined }): void {
  if (token === undefined) demandTerminal("name the hook: pyworkflow hooks resume TOKEN; pyworkflow hooks list --status pending shows the tokens");
  if (given === undefined) demandTerminal(`give the payload: ${example}, or --payload-file`);
}

const menuMax = 100;

/** The whole token of the hook that is meant; without a word one is chosen from a menu. Throws UsageError, or as `wholeToken`. */
export async function hookToResume(project: Project, token: string | undefined): Promise<string> {
  if (token !== undefined) return wholeToken(project, token);
  const hooks = await openHooks(project, menuMax);
  if (hooks.length === 0) throw new UsageError("no hook is pending", "pyworkflow hooks list shows those that were");
  const choices = hooks.map((hook) => ({ value: hook.token, description: expiryOf(hook) }));
  return choose("Which hook?", choices, "name it: pyworkflow hooks resume TOKEN");
}

function expiryOf({ expires_at }: HookRow): string {
  return expires_at === null ? "" : `expires ${formatTime(expires_at, { utc: false })}`;
}

/** Asks for each field of the stored schema, resumes, and asks again for what is refused. */
export async function resumeAsking(project: Project, token: string, note: (line: string) => void): Promise<ResumedHook> {
  const hook = await findHook(project, token);
  const refusal = refusalOf(hook, project.clock.now());
  if (refusal !== undefined) throw refusal;
  const form = formOf(hook.schema);
  let answers = await askFields(form.fields);
  for (;;) {
    try {
      return await resumeHook(project, { token, payload: form.payloadOf(answers) });
    } catch (error) {
      if (!(error instanceof InvalidPayloadError)) throw error;
      note(error.message);
      const again = form.refused(error);
      const kept = Object.entries(answers).filter(([name]) => again.every((field) => field.name !== name));
      answers = { ...Object.fromEntries(kept), ...(await askFields(again)) };
    }
  }
}

type Answers = Readonly<Record<string, unknown>>;

interface Form {
  readonly fields: readonly Field[];
  payloadOf(answers: Answers): unknown;
  /** The fields that the error is about. */
  refused(error: InvalidPayloadError): readonly Field[];
}

/** The questions that lead to a payload: one for each field of an object, else a single one. */
function formOf(schema: JsonSchema | undefined): Form {
  const fields = fieldsOf(schema);
  if (fields.length > 0) return { fields, payloadOf: (answers) => answers, refused: (error) => fieldsNamed(fields, error) };
  const type = typeof schema?.["type"] === "string" ? schema["type"] : "any";
  const whole = { name: "payload", type, required: true };
  return { fields: [whole], payloadOf: ({ payload }) => payload, refused: () => [whole] };
}

// An issue about several fields names none of them: then all are asked for.
function fieldsNamed(fields: readonly Field[], { issues }: InvalidPayloadError): readonly Field[] {
  const names = new Set(issues.map(({ path }) => path.split(".")[0]));
  const named = fields.filter(({ name }) => names.has(name));
  return named.length === 0 ? fields : named;
}
