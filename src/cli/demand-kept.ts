import type { Project } from "../services/project.js";
import { UsageError } from "./usage-error.js";

/** Refuses what is for later: a store in memory forgets it with this process, and nobody else can look into it. */
export function demandKept({ config }: Pick<Project, "config">, instead = "choose --storage sqlite"): void {
  if (config.storage.backend === "memory") throw new UsageError("--storage memory forgets everything with this process, and what was asked for is for later", instead);
}
