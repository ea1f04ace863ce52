import { resolve } from "node:path";
import { boolean, custom, string } from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.js";
import { oneOf } from "../cli/flags.js";
import { FilesExistError } from "../core/errors.js";
import type { NewProjectOptions, NewProjectResult } from "../services/new-project.js";

export default class Quickstart extends BaseCommand<typeof Quickstart> {
  static override summary = "Write a project that works: two workflows, a configuration, package.json and tsconfig.json.";
  static override description =
    "An existing package.json, tsconfig.json, README.md or .gitignore is kept as it is. Other files are replaced only after a yes, and a backup of each is kept.";
  static override examples = ["<%= config.bin %> quickstart", "<%= config.bin %> quickstart --non-interactive --dir my-orders"];
  static override flags = {
    "non-interactive": boolean({ description: "ask nothing" }),
    template: custom<"basic">({ ...oneOf(["basic"]), default: "basic", description: "which project" })(),
    storage: custom<"sqlite">({ ...oneOf(["sqlite"]), description: "where its runs are kept, sqlite unless told" })(),
    dir: string({ helpValue: "PATH", description: "its folder, made where there is none; the working directory unless told" }),
    yes: boolean({ char: "y", description: "replace files that are in the way, keeping a backup of each" }),
  };

  async run(): Promise<void> {
    const { "non-interactive": quiet, template, yes } = this.flags;
    const { ask, demandTerminal } = await import("../cli/prompts.js");
    if (!quiet) demandTerminal("--non-interactive takes the answers from the flags");
    const dir = this.flags.dir ?? (quiet ? "." : await ask("Folder of the new project", "."));
    // The global --storage knows more backends than there are templates for: the parser above refuses those.
    const storage = this.flags.storage === "memory" ? undefined : this.flags.storage;
    await this.tell(await this.write({ dir: resolve(dir), template, storage: storage ?? "sqlite", replace: yes }));
  }

  private async write(options: NewProjectOptions): Promise<NewProjectResult> {
    const { newProject } = await import("../services/new-project.js");
    const { confirm } = await import("../cli/prompts.js");
    try {
      return await newProject(options);
    } catch (error) {
      if (!(error instanceof FilesExistError) || this.flags["non-interactive"]) throw error;
      const agreed = await confirm(`${error.message}.\nReplace ${error.files.length === 1 ? "it" : "them"}, keeping a backup?`);
      if (!agreed) throw error;
      return newProject({ ...options, replace: true });
    }
  }

  private async tell(project: NewProjectResult): Promise<void> {
    const [{ newProjectFiles, nextSteps }, { ownName }] = await Promise.all([import("../cli/views/new-project.js"), import("../cli/own-name.js")]);
    this.show(project, {
      table: (screen) => newProjectFiles(project, screen),
      plain: () => project.files.map(({ path }) => path),
    });
    if (this.output === "table") this.note(nextSteps(project, { cwd: process.cwd(), name: ownName() }));
  }
}
