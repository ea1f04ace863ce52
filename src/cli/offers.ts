import { liveStatuses, type RunStatus } from "../core/run.js";
import type { Project } from "../services/project.js";
import { knownHooks, knownOperations, knownRuns, knownSchedules, knownWorkers, knownWorkflows, type KnownId } from "../services/complete-ids.js";
import type { LiveKind, Offer, Wanted } from "./completion.js";

type Live = Extract<Wanted, { kind: LiveKind }>;

/** What the store has that fits there. Throws what reading throws. */
export async function liveOffers(project: Project, wanted: Live): Promise<readonly Offer[]> {
  const found = await known(project, wanted);
  const fitting = found.filter(({ id }) => id.startsWith(wanted.prefix) && !wanted.before.includes(id));
  return fitting.map(({ id, about }) => ({ word: `${wanted.lead}${id}`, about }));
}

function known(project: Project, { kind, command, prefix, before }: Live): Promise<readonly KnownId[]> {
  if (kind === "run") return knownRuns(project, prefix, statusesWanted[command]);
  if (kind === "workflow") return knownWorkflows(project);
  if (kind === "schedule") return knownSchedules(project, prefix);
  if (kind === "worker") return knownWorkers(project);
  if (kind === "hook") return command === "hooks:resume" ? knownHooks(project, prefix, "pending") : knownHooks(project, prefix);
  return knownOperations(project, before[0] ?? "");
}

/** What a command on runs can do something with; absent: with all. */
const statusesWanted: Readonly<Record<string, readonly RunStatus[]>> = {
  "runs:cancel": liveStatuses,
  "runs:wait": liveStatuses,
  "runs:retry": ["failed", "suspended", "interrupted"],
};
