declare const runId: unique symbol;
declare const workerId: unique symbol;
declare const operationId: unique symbol;
declare const scheduleId: unique symbol;

/** `run_` and 26 characters of a ULID, lower case: sorts by the time of its creation. */
export type RunId = string & { readonly [runId]: true };
/** `worker_` and a ULID; one life of one process. Never used twice. */
export type WorkerId = string & { readonly [workerId]: true };
/** `kind_name_n`, e.g. `step_charge_card_1`: the n-th call of that kind and name in its run, from 1. */
export type OperationId = string & { readonly [operationId]: true };

/** A name that a person or the code gave, or `sched_` and a ULID. A schedule that code declares is `auto_` and the name of its workflow. */
export type ScheduleId = string & { readonly [scheduleId]: true };

/** So many random bytes; handed in, so that a test can repeat them. */
export type RandomBytes = (count: number) => Uint8Array;

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32
const ulidPattern = /^[0-9a-hjkmnp-tv-z]{26}$/;
const hookPattern = /^hook_[A-Za-z0-9_.-]+_[1-9]\d*$/;
const namePattern = /^[A-Za-z0-9_.-]+$/;
const nameLengthMax = 128;
const scheduleIdPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/; // none that a shell takes for a flag or a folder
const declaredPrefix = "auto_";
const scheduleIdLengthMax = nameLengthMax + declaredPrefix.length;

/** The text as a run id, or undefined where it is none. The only door for ids that come from outside. */
export function parseRunId(text: string): RunId | undefined {
  return typeof text === "string" && text.startsWith("run_") && ulidPattern.test(text.slice(4)) ? (text as RunId) : undefined;
}

/** A new id; `nowMs` is milliseconds since the epoch, and newer ids sort behind older ones. */
export function newRunId(nowMs: number, random: RandomBytes): RunId {
  return `run_${ulid(nowMs, random)}` as RunId;
}

/** When the run of that id was created, in milliseconds since the epoch. */
export function timeOfRunId(run: RunId): number {
  let time = 0;
  for (const digit of run.slice(4, 4 + timeDigits)) time = time * 32 + alphabet.indexOf(digit);
  return time;
}

/** New ids of runs that begin in one millisecond: each sorts behind the one before. For as many as one decision starts. */
export function runIdsInOrder(nowMs: number, random: RandomBytes): () => RunId {
  const stem = newRunId(nowMs, random).slice(0, -countDigits);
  let count = 0;
  return () => `${stem}${digits(count++, countDigits)}` as RunId;
}

const timeDigits = 10;
const countDigits = 4; // a million of them

export function newWorkerId(nowMs: number, random: RandomBytes): WorkerId {
  return `worker_${ulid(nowMs, random)}` as WorkerId;
}

/** The text as a schedule id, or undefined where it is none. The only door for ids that come from outside. */
export function parseScheduleId(text: string): ScheduleId | undefined {
  return typeof text === "string" && scheduleIdPattern.test(text) && text.length <= scheduleIdLengthMax ? (text as ScheduleId) : undefined;
}

export function newScheduleId(nowMs: number, random: RandomBytes): ScheduleId {
  return `sched_${ulid(nowMs, random)}` as ScheduleId;
}

/** The id of the schedule that a workflow's definition declares. */
export function declaredScheduleId(workflowName: string): ScheduleId {
  return `${declaredPrefix}${workflowName}` as ScheduleId;
}

/** Names are parts of ids that people type and put into URLs. */
export function isValidName(name: string): boolean {
  return typeof name === "string" && namePattern.test(name) && name.length <= nameLengthMax;
}

const operationPattern = /^(?:step|sleep|hook|child|patch)_(?:[A-Za-z0-9_.-]+_)?[1-9]\d*$/;

export function isOperationId(text: string): text is OperationId {
  return operationPattern.test(text);
}

/** The id of the n-th call of a kind and name, `step_charge_card` and 1, say. */
export function operationIdOf(kindAndName: string, n: number): OperationId {
  return `${kindAndName}_${n}` as OperationId;
}

/** The name in the id of a step, hook or child: `charge_card` of `step_charge_card_1`. */
export function operationNameOf(id: OperationId): string {
  return id.slice(id.indexOf("_") + 1).replace(/_\d+$/, "");
}

/** What resumes a hook: `run_id:operation_id`, e.g. `run_01jz…:hook_manager_approval_1`. */
export function tokenOf(run: RunId, hook: OperationId): string {
  return `${run}:${hook}`;
}

/** The run and the hook that a token names, or undefined where the text is no token. */
export function parseToken(text: string): { readonly runId: RunId; readonly hookId: OperationId } | undefined {
  if (typeof text !== "string") return undefined;
  const [run = "", hook = "", ...rest] = text.split(":");
  const id = parseRunId(run);
  if (id === undefined || rest.length > 0 || !hookPattern.test(hook)) return undefined;
  return { runId: id, hookId: hook as OperationId };
}

/** An event's id follows from its run and its place: nothing to store, nothing to collide. */
export function eventIdOf(run: RunId, sequence: number): string {
  return `evt_${run.slice(4)}_${sequence}`;
}

function ulid(nowMs: number, random: RandomBytes): string {
  let chance = "";
  for (const byte of random(16)) chance += alphabet.charAt(byte % 32);
  return digits(nowMs, timeDigits) + chance;
}

function digits(value: number, count: number): string {
  let text = "";
  for (let rest = value, written = 0; written < count; written++, rest = Math.floor(rest / 32)) text = alphabet.charAt(rest % 32) + text;
  return text;
}
