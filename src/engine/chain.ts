import { RunNotFoundError } from "../core/errors.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";

/** The run that goes on in the place of this one, or itself. Throws RunNotFoundError. */
export async function lastOfChain(backend: Pick<Backend, "getRun">, runId: RunId): Promise<RunRecord> {
  let before: RunId | undefined;
  for (let id = runId; ; ) {
    const run = await backend.getRun(id);
    if (run === undefined) throw new RunNotFoundError(id, { continuedFrom: before });
    if (run.continuedTo === undefined) return run;
    [before, id] = [id, run.continuedTo];
  }
}
