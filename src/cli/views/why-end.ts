import { formatDuration } from "../../base/duration.js";
import { isTerminal, type RunRecord } from "../../core/run.js";
import type { RunWhy } from "../../services/why-run.js";
import { beganAt } from "../../services/list-runs.js";
import { oneLine } from "../text.js";
import { clock, placeClause, shortError, type Saying } from "./why-phrases.js";

/** What became of a run that has ended. */
export function endSentences(why: RunWhy, say: Saying): readonly string[] {
  const { run, now } = why;
  const { completedAt = now } = run;
  const began = beganAt(run);
  const took = began === undefined ? "" : `, after ${formatDuration(completedAt - began)}`;
  const when = `${formatDuration(now - completedAt)} ago, at ${clock(completedAt, say)}${took}`;
  const closing = run.closing ? ["Its children are still being closed."] : [];
  return [...end(why, `${run.runId} (${run.workflowName})`, { when, say }), ...closing];
}

function end(why: RunWhy, name: string, { when, say }: { readonly when: string; readonly say: Saying }): readonly string[] {
  const { run, last, cancellation } = why;
  switch (run.status) {
    case "failed":
      return [`${name} failed ${when}${errorText(why, say)}.`, ...blame(why)];
    case "cancelled": {
      const by = cancellation === undefined ? "" : ` It was asked to end by ${cancellation.requestedBy}${cancellation.reason === undefined ? "" : ` (${oneLine(cancellation.reason)})`}.`;
      return [`${name} was cancelled ${when}.${by}`];
    }
    case "continued_as_new":
      return [`${name} continued as new ${when}: ${last === undefined ? `${run.continuedTo} went on in its place, and is not in the store any more` : placeTakenBy(last)}.`];
    default:
      return [`${name} completed ${when}: it waits for nothing.`];
  }
}

function placeTakenBy({ runId, status }: RunRecord): string {
  return isTerminal(status) ? `its chain ended with ${runId} (${status})` : `${runId} goes on in its place`;
}

function errorText({ error, place }: RunWhy, say: Saying): string {
  return error === undefined ? "" : `: ${shortError(`${error.name}: ${error.message}`)}${placeClause(place, say)}`;
}

function blame({ main }: RunWhy): readonly string[] {
  if (main === undefined) return [];
  const attempt = main.attempts.at(-1)?.attempt;
  const name = main.kind === "child" ? `Child ${main.childRunId ?? main.operationId}` : `${main.kind === "step" ? "Step" : "Hook"} ${main.name} (${main.operationId})`;
  return [`${name} failed it${attempt === undefined ? "" : `, with its attempt ${attempt}`}.`];
}
