import { listQueues, type QueueRow } from "./list-queues.js";
import type { Project } from "./project.js";

/** Of the workflows whose runs could be taken up now, those that nobody executes, also not who has the `known` ones. */
export async function unknownWorkflows(project: Project, known: readonly string[]): Promise<readonly QueueRow[]> {
  const queues = await listQueues(project);
  return queues.filter(({ workflow_name, due_runs, workers }) => due_runs > 0 && workers === 0 && !known.includes(workflow_name));
}
