import { spansOf } from "../core/spans.js";
import type { Project } from "./project.js";

const runsLookedAt = 5;

/** Names of the steps that the newest runs of a workflow have taken, in the order in which they come first. */
export async function stepsSeen({ backend }: Pick<Project, "backend">, workflowName: string): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const { runId } of await backend.listRuns({ workflowName, limit: runsLookedAt })) {
    for (const { kind, name } of spansOf(await backend.readHistory(runId, 0))) if (kind === "step" && name !== undefined) names.add(name);
  }
  return [...names];
}
