import { resolve } from "node:path";
import { boolean, custom, string } from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.js";
import { oneOf } from "../cli/flags.js";
import { plural } from "../cli/text.js";
import { FilesExistError } from "../core/errors.js";
import type { NewProjectOptions, NewProjectResult } from "../services/new-project.js";
import { templateNames, type TemplateName } from "../services/templates.js";

export default class Quickstart extends BaseCommand<typeof Quickstart> {
  static override summary = "Write a project that works: workflows, a configuration, package.json and tsconfig.json.";
  static override description =
    "On a terminal it asks for what the flags don't say; Enter takes the default. An existing package.json, tsconfig.json, README.md or .gitignore is kept as it is. " +
    "Other files are replaced only after a yes, and a backup of each is kept. It is written as a whole, or not at all.";
  static override examples = [
    "<%= config.bin %> quickstart",
    "<%= config.bin %> quickstart --non-interactive --dir my-orders",
    { description: "A project that waits for somebody's decision", command: "<%= config.bin %> quickstart --template approval --dir expenses" },
  ];
  static override flags = {
    "non-interactive": boolean({ description: "ask nothing" }),
    template: custom<TemplateName>({ ...oneOf(templateNames), description: "which project, basic unless told" })(),
    // The global flag takes memory, too: no project is written for that.
    storage: custom<"sqlite">({ ...oneOf(["sqlite"]), description: "where its runs are kept: sqlite" })(),
    dir: string({ helpValue: "PATH", description: "its folder, made where there is none; the working directory unless told" }),
    yes: boolean({ char: "y", description: "replace files that are in the way, keeping a backup of each" }),
  };

  async run(): Promise<void> {
    const { template, dir } = await this.answers();
    await this.tell(await this.write({ dir: resolve(dir), template, replace: this.flags.yes }));
  }

  // Storage is not among the questions while there is one answer.
  private async answers(): Promise<{ readonly template: TemplateName; readonly dir: string }> {
    const { "non-interactive": quiet, template, dir } = this.flags;
    if (quiet) return { template: template ?? "basic", dir: dir ?? "." };
    const { ask, demandTerminal } = await import("../cli/prompts.js");
    demandTerminal("--non-interactive takes the answers from the flags");
    return { template: template ?? (await chooseTemplate()), dir: dir ?? (await ask("Folder of the new project", ".")) };
  }

  private async write(options: NewProjectOptions): Promise<NewProjectResult> {
    const [{ newProject }, { untilInterrupted }, { confirm }] = await Promise.all([
      import("../services/new-project.js"),
      import("../cli/ending-signals.js"),
      import("../cli/prompts.js"),
    ]);
    try {
      return await untilInterrupted((signal) => newProject({ ...options, signal }));
    } catch (error) {
      if (!(error instanceof FilesExistError) || this.flags["non-interactive"]) throw error;
      const agreed = await confirm(`${error.message}.\nReplace ${plural(error.files.length, "it", "them")}, keeping a backup?`);
      if (!agreed) throw error;
      return untilInterrupted((signal) => newProject({ ...options, replace: true, signal }));
    }
  }

  private async tell(project: NewProjectResult): Promise<void> {
    const [{ newProjectFiles }, { stepsInNewProject }] = await Promise.all([import("../cli/views/new-project.js"), import("../cli/next-steps.js")]);
    this.show(project, {
      table: (screen) => newProjectFiles(project, screen),
      plain: () => project.files.map(({ path }) => path),
    });
    if (this.output === "table") this.note(stepsInNewProject(project));
  }
}

async function chooseTemplate(): Promise<TemplateName> {
  const [{ choose }, { templates }] = await Promise.all([import("../cli/prompts.js"), import("../services/templates.js")]);
  const choices = Object.values(templates).map(({ name, description }) => ({ value: name, description }));
  const chosen = await choose("What should it be?", choices, "--template names it");
  return templateNames.find((name) => name === chosen) ?? "basic";
}
