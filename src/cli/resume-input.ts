import { openHooks, type HookRow } from "../services/list-hooks.js";
import type { Project } from "../services/project.js";
import { refusalOf, resumeHook, type ResumedHook } from "../services/resume-hook.js";
import { findHook, wholeToken } from "../services/show-hook.js";
import { fillIn } from "./form.js";
import { jsonFile, jsonOf } from "./input.js";
import { choose, demandTerminal } from "./prompts.js";
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
  return fillIn({ schema: hook.schema, accept: (payload) => resumeHook(project, { token, payload }), note });
}
