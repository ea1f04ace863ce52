import { dirname, relative } from "node:path";
import type { NewProjectResult } from "../services/new-project.js";
import { hasPackage, packageReference } from "../services/own-package.js";
import type { TemplateName } from "../services/templates.js";
import { ownName } from "./own-name.js";

/** What to try of each template beside a running worker, as words behind `pyworkflow`: they work as they stand, in this order. */
export const tries: Readonly<Record<TemplateName, readonly string[]>> = {
  basic: ["workflows run process_order --arg orderId=ORD-1 --arg amount=49.99", "runs status @last"],
  approval: [
    "workflows run approve_expense --arg employee=ada --arg amount=120 --until suspended",
    "hooks list --status pending",
    `hooks resume @last:hook_decision_1 --payload '{"approved": true, "approver": "grace"}'`,
    "runs wait @last",
  ],
  schedule: ["schedules list", "schedules next auto_sales_report", "schedules trigger auto_sales_report", "schedules ticks auto_sales_report"],
};

/** What to type in a project that quickstart wrote. */
export function stepsInNewProject({ dir, package: reference, files, template }: NewProjectResult): string {
  const kept = files.some(({ path, action }) => path === "package.json" && action === "kept");
  const install = kept ? `${quoted(installable(reference))} zod` : "";
  return nextSteps({ dir, install, commands: ["worker run"], beside: tries[template] });
}

/** What to type in a project that was set up. */
export async function stepsAfterSetup({ path }: { readonly path: string }): Promise<string> {
  const dir = dirname(path);
  const install = hasPackage(dir) ? undefined : quoted(installable(await packageReference()));
  return nextSteps({ dir, install, commands: ["setup --check", "workflows list", "worker run"], beside: [] });
}

interface NextSteps {
  /** Absolute; where all of it is typed. */
  readonly dir: string;
  /** What npm has to install: nothing, or what is named, or by an empty text what package.json names. */
  readonly install: string | undefined;
  readonly commands: readonly string[];
  /** While the last of the commands goes on. */
  readonly beside: readonly string[];
}

// Only commands that work as they stand.
function nextSteps({ dir, install, commands, beside }: NextSteps): string {
  const folder = relative(process.cwd(), dir);
  const typed = (words: string): string => `  ${ownName()} ${words}`;
  return [
    "Next:",
    ...(folder === "" ? [] : [`  cd ${quoted(folder)}`]),
    ...(install === undefined ? [] : [`  npm install ${install}`.trimEnd()]),
    ...commands.map(typed),
    ...(beside.length === 0 ? [] : ["and in another terminal:"]),
    ...beside.map(typed),
  ].join("\n");
}

/** What `npm install` takes for it. */
function installable(reference: string): string {
  return reference.includes(":") ? reference : `pyworkflow@${reference}`;
}

/** As a shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./^-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
