import { nearest } from "../base/nearest.js";
import { findAll } from "./find-all.js";
import { defaults } from "../core/defaults.js";
import { AmbiguousRunError, RunNotFoundError } from "../core/errors.js";
import { parseRunId, type RunId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import type { Project } from "./project.js";

const candidatesMax = 5;

/**
 * The run that a person means: a whole id, a prefix that only one id has, with or without its `run_`, or `@last`, the newest run
 * that is no child: the one that somebody started.
 * Throws RunNotFoundError with the nearest id, or AmbiguousRunError with the newest candidates.
 */
export async function findRun(project: Project, text: string): Promise<RunRecord> {
  const runId = parseRunId(text) ?? (await onlyRunId(project, text));
  const run = await project.backend.getRun(runId);
  if (run === undefined) throw await notFound(project.backend, text);
  return run;
}

/** A whole run id, as a program gives it. Throws RunNotFoundError. */
export function runIdOf(text: string): RunId {
  const runId = parseRunId(text);
  if (runId === undefined) throw new RunNotFoundError(text);
  return runId;
}

/** The runs that a person means, each once: all are found before the caller touches the first, so a mistyped word changes nothing. Throws as {@link findRun}, naming every word that no run has. */
export async function findRuns(project: Project, texts: readonly string[]): Promise<readonly RunRecord[]> {
  const runs = await findAll(texts, (text) => findRun(project, text), RunNotFoundError);
  return [...new Map(runs.map((run) => [run.runId, run])).values()];
}

async function onlyRunId({ backend }: Project, text: string): Promise<RunId> {
  if (text === "") throw new RunNotFoundError('""');
  const found = text === "@last" ? await newest(backend) : await beginningWith(backend, text);
  const [first, second] = found;
  if (first === undefined) throw await notFound(backend, text);
  if (second === undefined) return first;
  const shown: string[] = found.slice(0, candidatesMax);
  throw new AmbiguousRunError(text, found.length > candidatesMax ? [...shown, "…"] : shown);
}

// In a table, what comes behind `run_` is what the eye takes for the id.
async function beginningWith(backend: Backend, text: string): Promise<readonly RunId[]> {
  const found = await backend.findRunIds(text, candidatesMax + 1);
  return found.length > 0 ? found : backend.findRunIds(`run_${text}`, candidatesMax + 1);
}

async function notFound(backend: Backend, text: string): Promise<RunNotFoundError> {
  return new RunNotFoundError(text, { meant: nearest(text, await backend.findRunIds("", defaults.neighboursMax)) });
}

async function newest(backend: Backend): Promise<readonly RunId[]> {
  return (await backend.listRuns({ topLevel: true, limit: 1 })).map(({ runId }) => runId);
}
