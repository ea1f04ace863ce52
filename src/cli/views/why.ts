import { unreachable } from "../../base/unreachable.js";
import { tokenOf, type OperationId, type RunId, type WorkerId } from "../../core/ids.js";
import { isTerminal, type RunStatus } from "../../core/run.js";
import { waitFor, type WaitsFor } from "../../core/wait.js";
import { dateOf } from "../../services/list-runs.js";
import type { ErrorCard } from "../../services/show-run.js";
import { sinceOfSpan, type OpenOperation, type RunWhy } from "../../services/why-run.js";
import type { Screen } from "../screen.js";
import { wrap } from "../text.js";
import { paintStatus } from "./status.js";
import { sentencesOf } from "./why-words.js";

/** Why a run does not go on, under the names that JSON shows. */
export interface WhyRow {
  readonly run_id: RunId;
  readonly workflow_name: string;
  readonly status: RunStatus;
  readonly waits_for: WaitsFor;
  readonly operation_id: OperationId | null;
  readonly name: string | null;
  readonly since: Date | null;
  readonly until: Date | null;
  readonly at: string | null;
  readonly definition: string | null;
  readonly worker_id: WorkerId | null;
  readonly attempt: number | null;
  readonly max_attempts: number | null;
  readonly token: string | null;
  readonly error: ErrorCard | null;
  readonly also: readonly AlsoRow[];
  readonly child: WhyRow | null;
  readonly reason: string;
  readonly next: string | null;
  readonly hint: string;
}

export interface AlsoRow {
  readonly waits_for: WaitsFor;
  readonly operation_id: OperationId;
  readonly name: string | null;
  readonly since: Date;
  readonly until: Date | null;
  readonly at: string | null;
  readonly child_run_id: RunId | null;
}

/** The paragraph; on a terminal its lines break between words. */
export function whyText(why: RunWhy, screen: Screen, folder: string): string {
  const text = sentencesOf(why, { utc: screen.utc, folder }).join(" ");
  const lines = screen.terminal ? wrap(text, screen.width) : [text];
  return lines.join("\n").replace(/\bis (pending|running|suspended|interrupted)\b/, (_, status: RunStatus) => `is ${paintStatus(screen.paint, status)}`);
}

export function whyRow(why: RunWhy, folder: string): WhyRow {
  const { run, waitsFor, since, until, error = null, child, place = null, definedAt = null } = why;
  return {
    run_id: run.runId,
    workflow_name: run.workflowName,
    status: run.status,
    waits_for: waitsFor,
    ...mainColumns(why),
    since: dateOf(since),
    until: dateOf(until),
    at: place,
    definition: definedAt,
    worker_id: run.workerId ?? null,
    error,
    also: why.also.map(alsoRow),
    child: child === undefined ? null : whyRow(child, folder),
    reason: sentencesOf(why, { utc: true, folder }).join(" "),
    next: nextOf(why),
    hint: hintOf(why),
  };
}

function mainColumns({ run, main }: RunWhy): Pick<WhyRow, "operation_id" | "name" | "attempt" | "max_attempts" | "token"> {
  if (main === undefined) return { operation_id: run.parked?.operationId ?? null, name: null, attempt: null, max_attempts: null, token: null };
  const { operationId, name = null, kind, attempts, attemptsMax = null } = main;
  return {
    operation_id: run.parked?.operationId ?? operationId,
    name,
    attempt: attempts.at(-1)?.attempt ?? null,
    max_attempts: attemptsMax,
    token: kind === "hook" ? tokenOf(run.runId, operationId) : null,
  };
}

function alsoRow(open: OpenOperation): AlsoRow {
  const { operationId, name, dueAt, place, childRunId } = open;
  return {
    waits_for: waitFor(open),
    operation_id: operationId,
    name: name ?? null,
    since: new Date(sinceOfSpan(open)),
    until: dateOf(dueAt),
    at: place ?? null,
    child_run_id: childRunId ?? null,
  };
}

/** What makes it go on. */
function nextOf(why: RunWhy): string | null {
  const { run, waitsFor, main, until } = why;
  const time = until === undefined ? "" : new Date(until).toISOString();
  switch (waitsFor) {
    case "step":
      return "the end of the attempt, or the loss of its worker";
    case "retry":
      return `the next attempt, at ${time}`;
    case "timer":
      return `the end of the sleep, at ${time}`;
    case "hook":
      return `a payload${until === undefined ? "" : `, or its expiry at ${time}`}`;
    case "child":
      return `the end of ${main?.childRunId ?? "the child"}`;
    case "recovery":
    case "worker":
      return `a worker that executes ${run.workflowName}`;
    case "code":
      return "runs retry, or a worker with code that fits its history";
    case "cancellation":
      return "the end of its clean-up";
    case "nothing":
      return null;
    default:
      return unreachable(waitsFor);
  }
}

/** The command that helps. */
export function hintOf(why: RunWhy): string {
  const { run, waitsFor, main, child, fits, holder } = why;
  const id = run.runId;
  if (holder?.worker !== undefined && holder.status === "silent") return `end process ${holder.worker.pid} on ${holder.worker.hostname}, or let it go on: pyworkflow worker list shows who is alive`;
  switch (waitsFor) {
    case "step":
      return `pyworkflow runs timeline ${id} shows how long its steps took; pyworkflow runs cancel ${id} asks it to end`;
    case "retry":
      return `pyworkflow runs logs ${id} --filter failed shows the attempts that failed`;
    case "timer":
      return `pyworkflow runs wait ${id} waits for its end; pyworkflow runs cancel ${id} asks it to end now`;
    case "hook":
      return `pyworkflow hooks resume ${main === undefined ? "" : tokenOf(id, main.operationId)} --payload JSON`;
    case "child":
      return child === undefined ? `pyworkflow runs children ${id} --tree` : hintOf(child);
    case "recovery":
    case "worker":
      return workerHint(why);
    case "code":
      return fits ? `pyworkflow runs retry ${id} takes it up with the code on disk` : `pyworkflow runs replay ${id} tells what does not fit; undo that change, then pyworkflow runs retry ${id}`;
    case "cancellation":
      return `pyworkflow runs cancel ${id} --force ends it without its clean-up`;
    case "nothing":
      if (!isTerminal(run.status) && run.createdAt > why.now) return `pyworkflow doctor looks at the clock; pyworkflow runs cancel ${id} ends it, to be started again`;
      return isTerminal(run.status) ? endHint(why) : `pyworkflow runs logs ${id} shows what it has done`;
    default:
      return unreachable(waitsFor);
  }
}

function workerHint({ run, serving }: RunWhy): string {
  switch (serving.obstacle) {
    case "none_knows":
      return `start a worker whose modules define ${run.workflowName}: pyworkflow worker run --module PATH`;
    case "busy":
    case "draining":
      return "start another worker, pyworkflow worker run, or let each have more runs at a time with --concurrency";
    case "none_alive":
    case "alone":
    case "version":
      return "pyworkflow worker run starts a worker";
    case "reserved":
    case undefined:
      return "pyworkflow worker list shows the workers that are alive";
    default:
      return unreachable(serving.obstacle);
  }
}

function endHint({ run, last }: RunWhy): string {
  const id = run.runId;
  switch (run.status) {
    case "failed":
      return run.durable ? `mend the cause, then pyworkflow runs retry ${id} takes it up again at what failed` : `pyworkflow runs status ${id} shows its input`;
    case "cancelled":
      return `pyworkflow runs logs ${id} shows what it had done`;
    case "continued_as_new":
      return last === undefined ? `pyworkflow runs chain ${id} shows what is left of its chain` : `pyworkflow runs why ${last.runId}`;
    default:
      return `pyworkflow runs result ${id} prints its result`;
  }
}
