import { formatDuration } from "../../base/duration.js";
import { nearest } from "../../base/nearest.js";
import { counted, plural } from "../../base/plural.js";
import { unreachable } from "../../base/unreachable.js";
import { tokenOf } from "../../core/ids.js";
import { isTerminal } from "../../core/run.js";
import { waitFor } from "../../core/wait.js";
import { sinceOfSpan, type OpenOperation, type RunWhy } from "../../services/why-run.js";
import { oneLine } from "../text.js";
import { endSentences } from "./why-end.js";
import { ahead, clock, ofMax, placeClause, shortError, workerText, type Saying, type Worker } from "./why-phrases.js";

/** Why the run does not go on, sentence by sentence; then why the child that it waits for does not. */
export function sentencesOf(why: RunWhy, say: Saying): readonly string[] {
  const { run, child } = why;
  if (isTerminal(run.status)) return endSentences(why, say);
  const lead = `${run.runId} (${run.workflowName}) is ${run.status}`;
  const [first = "", ...more] = [...mainSentences(why, say), ...circumstances(why, say)];
  return [`${lead}: ${first}`, ...more, ...(child === undefined ? [] : sentencesOf(child, say))];
}

function mainSentences(why: RunWhy, say: Saying): readonly string[] {
  const { waitsFor, main } = why;
  switch (waitsFor) {
    case "step":
    case "retry":
    case "timer":
    case "hook":
    case "child":
      return main === undefined ? [] : operationSentences(why, main, say);
    case "recovery":
      return recoverySentences(why, say);
    case "worker":
      return [dueSentence(why, say), ...servingSentences(why)];
    case "code":
      return parkedSentences(why, say);
    case "cancellation":
      return cancellationSentences(why, say);
    case "nothing":
      return idleSentences(why, say);
    default:
      return unreachable(waitsFor);
  }
}

function operationSentences(why: RunWhy, main: OpenOperation, say: Saying): readonly string[] {
  const { operationId: id, name, dueAt = why.now, childRunId } = main;
  const at = `${placeClause(main.place, say)}, since ${clock(sinceOfSpan(main), say)}`;
  switch (waitFor(main)) {
    case "retry":
      return retrySentences(why, main, say);
    case "timer":
      return [`it sleeps (${id})${at}, and wakes ${ahead(dueAt, why.now, say)}.`];
    case "child":
      return [`it waits for child ${childRunId} of workflow ${name} (${id})${at}.`];
    case "hook":
      return hookSentences(why, main, say);
    default:
      return stepSentences(why, main, say);
  }
}

function stepSentences(why: RunWhy, main: OpenOperation, say: Saying): readonly string[] {
  const { now, holder } = why;
  const { operationId: id, name, status, place } = main;
  const attempt = main.attempts.at(-1)?.attempt ?? 1;
  const where = holder?.worker === undefined ? "" : ` in ${workerText(holder.worker)}`;
  const step = `step ${name} (${id})${placeClause(place, say)}`;
  if (status !== "running") return [`attempt ${attempt} of ${step} was interrupted, and is about to be made again${where}.`];
  const since = sinceOfSpan(main);
  const running = `Attempt ${ofMax(attempt, main)} has been running${where} for ${formatDuration(now - since)}, since ${clock(since, say)}.`;
  return [`it waits for ${step}.`, running, ...lastErrorSentence(why)];
}

function hookSentences({ now, run }: RunWhy, main: OpenOperation, say: Saying): readonly string[] {
  const { operationId: id, name, place, dueAt } = main;
  const since = sinceOfSpan(main);
  const token = tokenOf(run.runId, id);
  return [
    `it waits for the payload of hook ${name} (${id})${placeClause(place, say)}, since ${clock(since, say)} (${formatDuration(now - since)}).`,
    dueAt === undefined ? `It waits until somebody resumes ${token}.` : `Unless somebody resumes ${token}, it expires ${ahead(dueAt, now, say)}.`,
  ];
}

function retrySentences(why: RunWhy, main: OpenOperation, say: Saying): readonly string[] {
  const { now } = why;
  const { operationId: id, name, dueAt = now } = main;
  const attempt = main.attempts.at(-1)?.attempt ?? 1;
  const next = `Attempt ${ofMax(attempt + 1, main)} begins ${ahead(dueAt, now, say)}.`;
  return [`it waits to try step ${name} (${id}) again${placeClause(main.place, say)}.`, `Attempt ${attempt} failed ${formatDuration(now - sinceOfSpan(main))} ago${errorClause(why)}.`, next];
}

function recoverySentences(why: RunWhy, say: Saying): readonly string[] {
  const { run, loss, holder, main, now } = why;
  const step = main?.kind === "step" ? ` while it made attempt ${main.attempts.at(-1)?.attempt ?? 1} of step ${main.name} (${main.operationId})${placeClause(main.place, say)}` : "";
  if (run.status === "running") {
    const gone = holder?.worker === undefined ? `its worker ${run.workerId} has ended` : `its worker ${workerText(holder.worker)} has ended`;
    return [`${gone}${step}, and nobody has taken note of it yet.`, why.serving.alive.length === 0 ? "No worker is alive: the next one that starts recovers it." : "A supervisor recovers it within moments, or a worker that starts."];
  }
  const lost = loss === undefined ? "its worker was lost" : `its worker ${loss.workerId} was lost ${formatDuration(now - loss.at)} ago (${loss.error})`;
  return [`${lost}${step}.`, `It is due since then, and this is recovery ${run.recoveryAttempts} of ${run.maxRecoveryAttempts} at most.`, ...servingSentences(why)];
}

const dueReasons = {
  timer: "its timer has fired",
  retry: "its next attempt is due",
  hook: "its hook was resumed",
  child: "its child has ended",
  cancellation: "it was asked to end",
  released: "its worker handed it over",
  recovery: "its worker was lost",
  manual_retry: "somebody retried it",
} as const;

function dueSentence({ run, now }: RunWhy, say: Saying): string {
  const { dueAt = now, wakeReason, createdAt } = run;
  if (run.status === "pending") return `no worker has taken it up since it was started ${formatDuration(now - createdAt)} ago, at ${clock(createdAt, say)}.`;
  const reason = wakeReason === undefined ? "" : `${dueReasons[wakeReason]}, and `;
  return `${reason}it is due since ${clock(dueAt, say)} (${formatDuration(now - dueAt)}), but no worker has taken it up.`;
}

/** Who would take it up, and why nobody does. */
function servingSentences(why: RunWhy): readonly string[] {
  return [...takersSentences(why), ...(why.serving.obstacle === undefined ? [] : silentSentences(why))];
}

function takersSentences({ run, serving }: RunWhy): readonly string[] {
  const { alive, takers, obstacle } = serving;
  const { workflowName: name } = run;
  switch (obstacle) {
    case "none_alive":
      return ["No worker is alive."];
    case "none_knows":
      return [strangersSentence(alive, name)];
    case "draining":
      return [`The workers that execute ${name} are draining: they take up nothing more.`];
    case "reserved":
      return [`It is left to the workers whose code wrote its history (version ${run.reservedFor}): ${counted(takers.length, "lives", "live")}.`];
    case "alone":
      return [`It has lost its worker ${run.recoveryAttempts} times in a row, so it executes with nothing beside it: it waits for a process of its own.`];
    case "busy":
      return [`${plural(takers.length, "The worker that executes", `The ${takers.length} workers that execute`)} ${name} ${plural(takers.length, "has", "have")} all the runs that fit at a time (${takers.map(({ concurrency }) => concurrency).join(" + ")}).`];
    case "version":
      return [];
    case undefined:
      return [`${takers.length === 1 && takers[0] !== undefined ? workerText(takers[0]) : `One of ${takers.length} workers`} takes it up at any moment.`];
    default:
      return unreachable(obstacle);
  }
}

function parkedSentences({ run, since, now, fits, serving, place, noPlace }: RunWhy, say: Saying): readonly string[] {
  const { parked } = run;
  if (parked === undefined) return [];
  const why = `it is parked ${since === undefined ? "" : `since ${clock(since, say)} (${formatDuration(now - since)}) `}with ${parked.code}: ${oneLine(parked.error)}${placeClause(parked.place, say)}.`;
  const taker = serving.takers[0];
  const tried = taker === undefined ? [] : [`${workerText(taker)} has other code, and tries it at any moment.`];
  if (fits === undefined) return [why, `Whether the code on disk fits can't be told${noPlace === undefined ? "" : `: ${noPlace}`}.`, ...tried];
  const elsewhere = place !== undefined && place !== parked.place ? `: it goes another way${placeClause(place, say)}` : "";
  return [why, fits ? "The code on disk fits its history now." : `The code on disk does not fit its history either${elsewhere}.`, ...tried];
}

function cancellationSentences(why: RunWhy, say: Saying): readonly string[] {
  const { cancellation, now, main } = why;
  const by = cancellation === undefined ? "" : ` ${formatDuration(now - cancellation.at)} ago by ${cancellation.requestedBy}${cancellation.reason === undefined ? "" : ` (${oneLine(cancellation.reason)})`}`;
  const asked = `it was asked to end${by}.`;
  if (main === undefined) return [asked, "Its code is about to hear of it."];
  const [first = "", ...rest] = operationSentences(why, main, say);
  return [asked, `Before it ends, ${first}`, ...rest];
}

function idleSentences({ run, since, holder, now }: RunWhy, say: Saying): readonly string[] {
  const where = holder?.worker === undefined ? "" : ` in ${workerText(holder.worker)}`;
  if (run.status !== "running" && run.dueAt !== undefined) return [`it is due ${ahead(run.dueAt, now, say)}${run.createdAt > now ? ": it was created by a machine whose clock was ahead" : ""}.`];
  if (run.status !== "running") return ["it waits for something that its history does not tell."];
  const runs = `its code runs${where}${since === undefined ? "" : `, since ${clock(since, say)}`}.`;
  return run.durable ? [runs] : [runs, "It is transient (durable: false): without a history nobody can tell what it waits for."];
}

/** What is true of it besides. */
function circumstances(why: RunWhy, say: Saying): readonly string[] {
  const { run, also, noPlace, deadline, now, waitsFor } = why;
  const lines: string[] = [];
  if (waitsFor !== "recovery") lines.push(...silenceSentence(why));
  if (also.length > 0) lines.push(`It also waits for ${alsoText(also, say)}.`);
  if (run.status === "suspended" && waitsFor !== "worker") lines.push(...absenceSentences(why));
  if (deadline !== undefined) lines.push(`Its maxDuration is over ${ahead(deadline, now, say)}.`);
  if (noPlace !== undefined && waitsFor !== "code") lines.push(`Where its code stands can't be told: ${oneLine(noPlace)}.`);
  return lines;
}

// Of a run that waits for a child, the child tells.
function absenceSentences(why: RunWhy): readonly string[] {
  const { serving, child } = why;
  const isAbsent = serving.obstacle === "none_alive" || serving.obstacle === "none_knows" || serving.obstacle === "draining";
  if (!isAbsent || child !== undefined) return [];
  const text = servingSentences(why).join(" ");
  return [`Nobody would take it up then: ${text.charAt(0).toLowerCase()}${text.slice(1)}`];
}

const alsoMax = 3;

function alsoText(also: readonly OpenOperation[], say: Saying): string {
  const texts = also.slice(0, alsoMax).map(({ operationId, dueAt, childRunId }) => {
    const more = childRunId ?? (dueAt === undefined ? undefined : `until ${clock(dueAt, say)}`);
    return more === undefined ? operationId : `${operationId} (${more})`;
  });
  if (also.length > alsoMax) texts.push(`${also.length - alsoMax} more`);
  const last = texts.pop() ?? "";
  return texts.length === 0 ? last : `${texts.join(", ")} and ${last}`;
}

function lastErrorSentence(why: RunWhy): readonly string[] {
  return why.error === undefined ? [] : [`An attempt before failed${errorClause(why)}.`];
}

function errorClause({ error }: RunWhy): string {
  return error === undefined ? "" : `: ${shortError(`${error.name}: ${error.message}`)}`;
}

function silenceSentence({ holder, serving, now }: RunWhy): readonly string[] {
  if (holder?.worker === undefined || holder.status !== "silent") return [];
  const others = serving.takers.length > 0 ? "another one takes the run over" : "no other one is there to take it over";
  return [`That worker gave its last sign of life ${formatDuration(now - holder.worker.heartbeatAt)} ago: ${others}.`];
}

function strangersSentence(alive: readonly Worker[], name: string): string {
  const open = alive.filter(({ onlyRun }) => onlyRun === undefined);
  if (open.length === 0) return `${counted(alive.length, "worker is", "workers are")} alive, for another run alone.`;
  return `${counted(open.length, "worker is", "workers are")} alive, and none executes ${name}: ${plural(open.length, "it executes", "they execute")} ${namesOf(open)}.${meant(name, open)}`;
}

/** Of workers that would take it up if they were not stopped or hung. */
function silentSentences({ serving, now }: RunWhy): readonly string[] {
  return serving.silent.map((worker) => `${workerText(worker)} executes it, and gave its last sign of life ${formatDuration(now - worker.heartbeatAt)} ago.`);
}

function namesOf(alive: readonly Worker[]): string {
  const names = [...new Set(alive.flatMap(({ workflows }) => workflows))];
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown || "nothing";
}

function meant(name: string, alive: readonly Worker[]): string {
  const near = nearest(name, alive.flatMap(({ workflows }) => workflows));
  return near === undefined ? "" : ` Is ${near} meant?`;
}

