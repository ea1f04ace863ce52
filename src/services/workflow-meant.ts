import { nearest } from "../base/nearest.js";
import { knownWorkflows } from "./complete-ids.js";
import type { Project } from "./project.js";

/** A name of a workflow that nothing bears, and the one that was probably meant. */
export interface StrangeWorkflow {
  readonly name: string;
  readonly meant: string | undefined;
}

/** The name, where no run of the store is of that workflow. */
export async function strangeToRuns(project: Project, name: string): Promise<StrangeWorkflow | undefined> {
  const named = await project.backend.listRuns({ workflowName: name, limit: 1 });
  return named.length > 0 ? undefined : strange(project, name);
}

/** The name, where no schedule of the store, whatever its status, is of that workflow. */
export async function strangeToSchedules(project: Project, name: string): Promise<StrangeWorkflow | undefined> {
  const named = await project.backend.listSchedules({ workflowName: name, limit: 1 });
  return named.length > 0 ? undefined : strange(project, name);
}

async function strange(project: Project, name: string): Promise<StrangeWorkflow> {
  const known = await knownWorkflows(project);
  return { name, meant: nearest(name, known.map(({ id }) => id).filter((id) => id !== name)) };
}
