import type { NewProjectResult } from "../../services/new-project.js";
import type { WrittenFile } from "../../services/write-files.js";
import type { Screen } from "../screen.js";

/** One line a file: what became of it, and where a replaced one went. */
export function newProjectFiles({ files }: NewProjectResult, screen: Screen): string {
  return files.map((file) => fileLine(file, screen)).join("\n");
}

/** What became of a file, and where a replaced one went. */
export function fileLine({ action, path, backup }: WrittenFile, { terminal, paint }: Screen): string {
  if (!terminal) return [action, path, ...(backup === null ? [] : [backup])].join("\t");
  const colours = { created: paint.green, unchanged: paint.dim, kept: paint.yellow, replaced: paint.yellow };
  return `  ${colours[action](action.padEnd(9))} ${path}${backup === null ? "" : ` (backup: ${backup})`}`;
}
