import type { Project } from "./project.js";

const runsLookedAt = 500;

/** The workflows of the newest runs that wait for their first claim, and that are none of these, with how many of those runs each has. */
export async function unknownWorkflows({ backend }: Pick<Project, "backend">, known: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const { workflowName } of await backend.listRuns({ statuses: ["pending"], limit: runsLookedAt })) {
    if (!known.includes(workflowName)) counts.set(workflowName, (counts.get(workflowName) ?? 0) + 1);
  }
  return counts;
}
