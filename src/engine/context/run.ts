import { NotInWorkflowError } from "../../core/errors.js";
import type { RunId } from "../../core/ids.js";
import { currentBody, runIn } from "./current.js";
import type { Log } from "./log.js";

/** What a workflow's code may know of its run. */
export interface RunContext {
  readonly runId: RunId;
  readonly workflowName: string;
  /** The due time that a schedule started the run for: what the run is about, however late it began. A rerun has that of its original. */
  readonly scheduledTime: Date | undefined;
  /** Whether recorded outcomes are being delivered again. For logs and metrics; never decide by it. */
  readonly isReplaying: boolean;
  readonly log: Log;
}

/** The context of the run whose body is executing. Throws NotInWorkflowError elsewhere. */
export function runContext(): RunContext {
  const current = currentBody();
  if (current === undefined) throw new NotInWorkflowError("runContext()", "workflow");
  const { body, runId } = current;
  const { workflowName, scheduledTime, replaying: isReplaying, log } = body;
  // A Date can be changed: each call gives its own.
  return { runId, workflowName, scheduledTime: scheduledTime === undefined ? undefined : new Date(scheduledTime), isReplaying, log };
}

/** Runs `fn` as clean-up: its durable calls work although the run is being cancelled. Outside a body just calls it. */
export function shield<T>(fn: () => Promise<T>): Promise<T> {
  const current = currentBody();
  return current === undefined ? fn() : runIn({ ...current, shielded: true }, fn);
}
