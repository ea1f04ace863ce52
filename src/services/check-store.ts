import { findingsOf, type Finding } from "../core/invariants.js";
import type { WorkerId } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import type { Backend } from "../storage/backend.js";
import type { Project } from "./project.js";

export interface StoreCheck {
  /** How many runs and events were looked at. */
  readonly runs: number;
  readonly events: number;
  readonly findings: readonly Finding[];
}

const pageRuns = 200;
const looksMax = 3;

/** Checks the invariants on every run of a store, page by page; others may go on writing meanwhile. */
export async function checkStore({ backend }: Pick<Project, "backend">): Promise<StoreCheck> {
  const findings: Finding[] = [];
  let [runs, events] = [0, 0];
  for (let page = await backend.listRuns({ limit: pageRuns }); page.length > 0; page = await pageAfter(backend, page)) {
    for (const run of page) {
      const checked = await checkRun(backend, run);
      events += checked.events;
      findings.push(...checked.findings);
    }
    runs += page.length;
  }
  return { runs, events, findings };
}

async function pageAfter(backend: Backend, page: readonly RunRecord[]): Promise<readonly RunRecord[]> {
  const last = page.at(-1);
  return last ? backend.listRuns({ limit: pageRuns, before: last.runId }) : [];
}

// Row, history and workers are read one after the other, and a run may move between: what is really wrong stays wrong.
async function checkRun(backend: Backend, listed: RunRecord): Promise<{ readonly events: number; readonly findings: readonly Finding[] }> {
  let run = listed;
  for (let look = 1; ; look++) {
    const history = await backend.readHistory(run.runId, 0);
    const findings = findingsOf(run, history, await isAlive(backend, run.workerId));
    if (findings.length === 0 || look === looksMax) return { events: history.length, findings };
    run = (await backend.getRun(run.runId)) ?? run;
  }
}

async function isAlive(backend: Backend, workerId: WorkerId | undefined): Promise<boolean> {
  if (workerId === undefined) return true;
  const workers = await backend.listWorkers();
  return workers.some((worker) => worker.workerId === workerId && worker.status !== "dead");
}
