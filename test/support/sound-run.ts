import { expect } from "vitest";
import { decode } from "../../src/base/codec.js";
import { RunNotFoundError } from "../../src/core/errors.js";
import type { RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import type { RunRecord } from "../../src/core/run.js";
import type { Backend } from "../../src/storage/backend.js";

/** The run as it is stored; no invariant of it is broken. */
export async function soundRun(backend: Backend, runId: RunId): Promise<RunRecord> {
  const run = await backend.getRun(runId);
  if (run === undefined) throw new RunNotFoundError(runId);
  expect(findingsOf(run, await backend.readHistory(runId, 0))).toEqual([]);
  return run;
}

/** What the run returned: it has completed. */
export async function soundResult(backend: Backend, runId: RunId): Promise<unknown> {
  const { status, result, error } = await soundRun(backend, runId);
  expect({ status, error: error && decode(error) }).toEqual({ status: "completed", error: undefined });
  return result && decode(result);
}
