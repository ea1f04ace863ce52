import { InvalidScheduleError } from "../core/errors.js";
import { checkCount, checkKeys, checkText, checkWord, shown } from "../core/schedule/check.js";
import { optionNames } from "../core/schedule/definition.js";
import { overlapPolicies, scheduleStatuses, tickDecisions } from "../core/schedule/schedule.js";
import { tickKinds } from "../core/schedule/tick-kind.js";

/** What the calls of `engine.schedules` take, each under the name of its parameter. */
const calls = {
  create: { parameter: "options", keys: [...optionNames, "scheduleId", "input"] },
  update: { parameter: "change", keys: [...optionNames, "input"] },
  list: { parameter: "filter", keys: ["workflowName", "statuses", "limit", "before"] },
  trigger: { parameter: "options", keys: ["overlapPolicy"] },
  backfill: { parameter: "range", keys: ["start", "end", "overlapPolicy", "onProgress"] },
  ticks: { parameter: "filter", keys: ["kind", "decision", "limit"] },
  next: { parameter: "options", keys: ["count", "from"] },
  /** What `next` takes for a schedule that there is not. */
  times: { parameter: "schedule", keys: optionNames },
} as const;

/** What such a call was given. Programs in JavaScript have no compiler: throws InvalidScheduleError where there is no such option, or it takes no such value. */
export function checked<Given extends object>(call: keyof typeof calls, given: Given): Given {
  const { parameter, keys } = calls[call];
  const held: Partial<Record<string, unknown>> = checkKeys<string>(parameter, given, keys);
  // Those of a schedule are checked where it is defined; there null takes one off.
  const describes = call === "create" || call === "update";
  for (const [option, check] of Object.entries(checks)) {
    if (!describes && held[option] !== undefined) check(option, held[option]);
  }
  return given;
}

const checks: Readonly<Record<string, (option: string, value: unknown) => unknown>> = {
  overlapPolicy: (option, value) => checkWord(option, value, overlapPolicies),
  kind: (option, value) => checkWord(option, value, tickKinds),
  decision: (option, value) => checkWord(option, value, tickDecisions),
  statuses: checkStatuses,
  limit: checkCount,
  count: checkCount,
  workflowName: checkText,
  before: checkText,
  onProgress: checkFunction,
};

function checkStatuses(option: string, value: unknown): void {
  if (!Array.isArray(value)) throw new InvalidScheduleError(option, `${shown(value)} is no list`, `write a list of ${scheduleStatuses.join(", ")}`);
  for (const status of value) checkWord(option, status, scheduleStatuses);
}

function checkFunction(option: string, value: unknown): void {
  if (typeof value !== "function") throw new InvalidScheduleError(option, `${shown(value)} is no function`, "write (done, of) => { … }");
}
