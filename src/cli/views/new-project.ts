import { relative } from "node:path";
import type { NewProjectResult } from "../../services/new-project.js";
import type { PlacedFile } from "../../services/place-files.js";
import { templates } from "../../services/templates.js";
import type { Screen } from "../screen.js";

/** One line a file: what became of it, and where a replaced one went. */
export function newProjectFiles({ files }: NewProjectResult, screen: Screen): string {
  return files.map((file) => fileLine(file, screen)).join("\n");
}

/** What became of a file, and where a replaced one went. */
export function fileLine({ outcome, path, backup }: PlacedFile, { terminal, paint }: Screen): string {
  if (!terminal) return [outcome, path, ...(backup === undefined ? [] : [backup])].join("\t");
  const colours = { created: paint.green, unchanged: paint.dim, kept: paint.yellow, replaced: paint.yellow };
  return `  ${colours[outcome](outcome.padEnd(9))} ${path}${backup === undefined ? "" : ` (backup: ${backup})`}`;
}

export interface NextStepsOptions {
  readonly cwd: string;
  /** How this program is called. */
  readonly name: string;
}

/** What to type next: only commands that work as they stand. */
export function nextSteps({ dir, package: reference, files, template }: NewProjectResult, { cwd, name }: NextStepsOptions): string {
  const kept = files.some(({ path, outcome }) => path === "package.json" && outcome === "kept");
  const folder = relative(cwd, dir);
  return [
    "Next:",
    ...(folder === "" ? [] : [`  cd ${quoted(folder)}`]),
    kept ? `  npm install ${quoted(installable(reference))} zod` : "  npm install",
    `  ${name} worker run`,
    "and in another terminal:",
    ...templates[template].tries.map((words) => `  ${name} ${words}`),
  ].join("\n");
}

/** What `npm install` takes for it. */
export function installable(reference: string): string {
  return reference.includes(":") ? reference : `pyworkflow@${reference}`;
}

/** As a shell reads it. */
export function quoted(word: string): string {
  return /^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
