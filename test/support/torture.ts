import { cpSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent } from "../../src/core/events/event.js";
import type { RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { TestProject } from "./project.js";

/** A line of the effects file. `at`: milliseconds since the epoch. */
export interface Effect {
  readonly runId: RunId;
  readonly stepId: string;
  readonly attempt: number;
  readonly workerId: string;
  readonly epoch: number;
  readonly at: number;
}

export function tortureProject(settings: Readonly<Record<string, string | number>> = {}): TestProject {
  const project = new TestProject(settings);
  cpSync(resolve("test/fixtures/torture/index.ts"), join(project.path, "workflows/index.ts"));
  return project;
}

export function effectsOf(project: TestProject): readonly Effect[] {
  const file = join(project.path, "effects.jsonl");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Effect);
}

/** How many runs of the store have each status. */
export async function countRuns(project: TestProject): Promise<Readonly<Record<string, number>>> {
  const store = await openSqlite({ path: join(project.path, "store.db"), readOnly: true });
  try {
    return await store.countRuns();
  } finally {
    await store.close();
  }
}

/** What is wrong with the store after everything has ended, in words: nothing lost, nothing done twice without need. */
export async function wrongsOf(project: TestProject, results: ReadonlyMap<RunId, number>): Promise<readonly string[]> {
  const effects = groupByRun(effectsOf(project));
  const store = await openSqlite({ path: join(project.path, "store.db"), readOnly: true });
  const wrongs: string[] = [];
  for (const [runId, result] of results) {
    const run = await store.getRun(runId);
    const history = await store.readHistory(runId, 0);
    const mine = effects.get(runId) ?? [];
    if (run?.status !== "completed" || run.result !== encode(result)) wrongs.push(`${runId} is ${run?.status} with ${run?.result}, not ${result}`);
    if (run !== undefined) wrongs.push(...findingsOf(run, history).map((finding) => `${runId}: ${JSON.stringify(finding)}`));
    wrongs.push(...wrongSteps(runId, history, mine), ...sharedClaims(mine));
  }
  await store.close();
  return wrongs;
}

/** Each of the five steps is completed once, has an effect, and none after its completion. */
function wrongSteps(runId: RunId, history: readonly RecordedEvent[], effects: readonly Effect[]): readonly string[] {
  const done = history.filter((event) => event.type === "step.completed");
  const wrongs: string[] = [];
  if (new Set(done.map(({ operationId }) => operationId)).size !== 5 || done.length !== 5) wrongs.push(`${runId} has ${done.length} step.completed`);
  for (const { operationId, at } of done) {
    const tries = effects.filter(({ stepId }) => stepId === operationId);
    if (tries.length === 0) wrongs.push(`${runId} ${operationId} completed without an effect`);
    if (tries.some((effect) => effect.at > at)) wrongs.push(`${runId} ${operationId} had an effect after it was completed`);
  }
  return wrongs;
}

/** A claim is one worker's, and nothing happens under an older one once a newer one has acted. */
function sharedClaims(effects: readonly Effect[]): readonly string[] {
  const holders = new Map<number, string>();
  const wrongs: string[] = [];
  let newest = 0;
  for (const { runId, stepId, epoch, workerId } of effects) {
    if ((holders.get(epoch) ?? workerId) !== workerId) wrongs.push(`${runId}: epoch ${epoch} is shared by ${holders.get(epoch)} and ${workerId}`);
    if (epoch < newest) wrongs.push(`${runId} ${stepId} acted under epoch ${epoch} after ${newest}`);
    holders.set(epoch, workerId);
    newest = Math.max(newest, epoch);
  }
  return wrongs;
}

function groupByRun(effects: readonly Effect[]): Map<RunId, Effect[]> {
  const groups = new Map<RunId, Effect[]>();
  for (const effect of effects) groups.set(effect.runId, [...(groups.get(effect.runId) ?? []), effect]);
  return groups;
}
