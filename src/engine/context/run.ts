import { NotInWorkflowError } from "../../core/errors.js";
import type { RunId } from "../../core/ids.js";
import { currentBody, runIn } from "./current.js";
import type { Log } from "./log.js";

/** What a workflow's code may know of its run. */
export interface RunContext {
  readonly runId: RunId;
  readonly workflowName: string;
  /** Whether recorded outcomes are being delivered again. For logs and metrics; never decide by it. */
  readonly isReplaying: boolean;
  readonly log: Log;
}

/** The context of the run whose body is executing. Throws NotInWorkflowError elsewhere. */
export function runContext(): RunContext {
  const current = currentBody();
  if (current === undefined) throw new NotInWorkflowError("runContext()", "workflow");
  const { body, runId } = current;
  return { runId, workflowName: body.workflowName, isReplaying: body.replaying, log: body.log };
}

/** Runs `fn` as clean-up: its durable calls work although the run is being cancelled. Outside a body just calls it. */
export function shield<T>(fn: () => Promise<T>): Promise<T> {
  const current = currentBody();
  return current === undefined ? fn() : runIn({ ...current, shielded: true }, fn);
}
