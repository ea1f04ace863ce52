import { relative } from "node:path";
import type { NewProjectResult } from "../../services/new-project.js";
import type { PlacedFile } from "../../services/place-files.js";
import { templates } from "../../services/templates.js";
import type { Screen } from "../screen.js";

/** One line a file: what became of it, and where a replaced one went. */
export function newProjectFiles({ files }: NewProjectResult, { terminal, paint }: Screen): string {
  const colours = { created: paint.green, unchanged: paint.dim, kept: paint.yellow, replaced: paint.yellow };
  return files.map((file) => fileLine(file, terminal ? colours[file.outcome] : undefined)).join("\n");
}

function fileLine({ outcome, path, backup }: PlacedFile, paint: ((text: string) => string) | undefined): string {
  if (paint === undefined) return [outcome, path, ...(backup === undefined ? [] : [backup])].join("\t");
  return `  ${paint(outcome.padEnd(9))} ${path}${backup === undefined ? "" : ` (the old one is ${backup})`}`;
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

function installable(reference: string): string {
  return reference.includes(":") ? reference : `pyworkflow@${reference}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
