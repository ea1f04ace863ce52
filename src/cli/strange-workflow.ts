import type { Project } from "../services/project.js";

/** What to tell of a `--workflow` that no run of the store is of: nothing where one is, or none was given. */
export async function strangeRunsNote(project: Project, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const { strangeToRuns } = await import("../services/workflow-meant.js");
  const strange = await strangeToRuns(project, name);
  return strange && `No run is of a workflow called ${name}${ending(strange.meant)}`;
}

/** The same of schedules. */
export async function strangeSchedulesNote(project: Project, name: string | undefined): Promise<string | undefined> {
  if (name === undefined) return undefined;
  const { strangeToSchedules } = await import("../services/workflow-meant.js");
  const strange = await strangeToSchedules(project, name);
  return strange && `No schedule is of a workflow called ${name}${ending(strange.meant)}`;
}

function ending(meant: string | undefined): string {
  return meant === undefined ? "." : `: did you mean ${meant}?`;
}
