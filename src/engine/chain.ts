import { RunNotFoundError } from "../core/errors.js";
import { chainOf } from "../core/family.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";

/** The run that goes on in the place of this one, or itself; those between may be gone. Throws RunNotFoundError. */
export async function lastOfChain(backend: Pick<Backend, "getRun" | "lastOfChain">, runId: RunId): Promise<RunRecord> {
  const run = await backend.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  if (run.continuedTo === undefined) return run;
  const last = await backend.lastOfChain(chainOf(run));
  if (last === undefined) throw new RunNotFoundError(run.continuedTo, { continuedFrom: runId });
  return last;
}
