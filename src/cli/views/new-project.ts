import type { NewProjectResult } from "../../services/new-project.js";
import type { WrittenFile } from "../../services/write-files.js";
import type { Screen } from "../screen.js";

/** One line a file: what became of it, and where a replaced one went. */
export function newProjectFiles({ files }: NewProjectResult, screen: Screen): string {
  return files.map((file) => fileLine(file, screen)).join("\n");
}

/** What became of a file, and where a replaced one went. */
export function fileLine({ outcome, path, backup }: WrittenFile, { terminal, paint }: Screen): string {
  if (!terminal) return [outcome, path, ...(backup === undefined ? [] : [backup])].join("\t");
  const colours = { created: paint.green, unchanged: paint.dim, kept: paint.yellow, replaced: paint.yellow };
  return `  ${colours[outcome](outcome.padEnd(9))} ${path}${backup === undefined ? "" : ` (backup: ${backup})`}`;
}
