import { isObject } from "../base/json.js";
import { defaults } from "../core/defaults.js";
import { sentenceOf } from "../core/decide.js";
import { InvalidDefinitionError, misfitError } from "../core/errors.js";
import type { WorkflowDefinition } from "../engine/definition.js";
import { replayRun, type StoredHistory } from "../engine/replay-run.js";

/**
 * Replays a stored history against the code as it is now; nothing is executed. Resolves where they fit. Throws NonDeterministicWorkflowError or
 * NonDurableAwaitError, with the operation and the place, where a worker would park the run or the code does not come to the same end; and
 * InvalidDefinitionError for what is no history of this workflow. `stored` is what `historyOf` gave, also after a way through JSON. The globals of
 * a test are the real ones: a body that asks `Date` or `Math.random` instead of `now()` and `random()` fits only in a worker.
 */
export async function replayHistory(definition: WorkflowDefinition, stored: unknown): Promise<void> {
  const { run, history } = asHistory(stored);
  if (run.workflowName !== definition.name) {
    throw new InvalidDefinitionError(`the history is of a run of ${run.workflowName}, and is to be replayed against ${definition.name}`, "pass the workflow that it is of");
  }
  if (history.length === 0) throw new InvalidDefinitionError(`the history of ${run.runId} has no events`, "record a run that has begun, and is not transient");
  const finding = await replayRun({ run, history }, definition, defaults.limits);
  if (finding.fits) return;
  throw misfitError(`the code of ${definition.name} does not fit the history of ${run.runId}: ${sentenceOf(finding)}`, finding);
}

function asHistory(stored: unknown): StoredHistory {
  if (isHistory(stored)) return stored;
  throw new InvalidDefinitionError("what is to be replayed is no history", "pass what historyOf() of a test engine gave, or that of its JSON");
}

function isHistory(stored: unknown): stored is StoredHistory {
  return isObject(stored) && isObject(stored["run"]) && Array.isArray(stored["history"]);
}
