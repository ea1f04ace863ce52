import { string as text } from "@oclif/core/args";
import { string } from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.js";
import { loadWorkflows } from "../../cli/load-workflows.js";
import { ConfigError } from "../../core/errors.js";
import { tokenOf } from "../../core/ids.js";
import type { Project } from "../../services/project.js";
import type { ResumedHook } from "../../services/resume-hook.js";

export default class HooksResume extends BaseCommand<typeof HooksResume> {
  static override summary = "Give a hook its payload; its run goes on.";
  static override description =
    "The payload is checked before anything is recorded. On a terminal the token may be left out (a menu), and the payload (a question for each of its fields). " +
    "Exit code 2: the payload is not valid. 4: there is no such hook. 5: it is not pending.";
  static override examples = [
    "<%= config.bin %> hooks resume",
    "<%= config.bin %> hooks resume @last:hook_manager_approval_1 --payload '{\"approved\": true, \"reviewer\": \"ada\"}'",
    { description: "From stdin, for a script", command: "<%= config.bin %> hooks resume TOKEN --payload - < answer.json" },
  ];
  static override args = { token: text({ ignoreStdin: true, description: "a hook's token, run_id:hook_id; its run may be a unique prefix or @last; without it a menu" }) };
  static override flags = {
    payload: string({ char: "p", helpValue: "JSON|@file|-", exclusive: ["payload-file"], description: "the payload as JSON, from a file, or from stdin" }),
    "payload-file": string({ char: "f", helpValue: "PATH", description: "the payload from a file with JSON" }),
  };

  async run(): Promise<void> {
    const [{ demandAnswers, givenPayload, hookToResume, resumeAsking }, { resumeHook }] = await Promise.all([
      import("../../cli/resume-input.js"),
      import("../../services/resume-hook.js"),
    ]);
    const given = await givenPayload({ payload: this.flags.payload, file: this.flags["payload-file"] });
    demandAnswers({ token: this.args.token, given });
    await this.loadDefinitions();
    await this.withProject({ access: "change" }, async (project) => {
      const token = await hookToResume(project, this.args.token);
      const resumed = given ? await resumeHook(project, { token, payload: given.payload }) : await resumeAsking(project, token, (line) => this.note(line));
      await this.tell(project, resumed);
    });
  }

  // A payload must be deliverable also where the code can't be loaded: then what was stored with the hook has to do.
  private async loadDefinitions(): Promise<void> {
    try {
      await loadWorkflows(this.whereabouts());
    } catch (error) {
      if (error instanceof ConfigError || !(error instanceof Error)) throw error;
      this.note(`The workflow modules can't be loaded (${error.message}): the payload is checked with the schema that was stored with the hook, and transforms of its schema don't apply.`);
    }
  }

  private async tell(project: Project, { runId, hookId, checkedWith }: ResumedHook): Promise<void> {
    const [{ findLiveWorker }, { findRun }, { showHook }] = await Promise.all([
      import("../../services/find-live-worker.js"),
      import("../../services/find-run.js"),
      import("../../services/show-hook.js"),
    ]);
    this.show(
      { run_id: runId, hook_id: hookId, status: "received" },
      { table: () => `${runId}\t${hookId}\tresumed`, plain: () => [runId] },
    );
    const { has_schema } = await showHook(project, { token: tokenOf(runId, hookId) });
    if (has_schema && checkedWith === "nothing") this.note("The schema that was stored with the hook can't be understood here: the payload was not checked.");
    const run = await findRun(project, runId);
    if ((await findLiveWorker(project, run)) === undefined) this.note(`No live worker executes ${run.workflowName}: the payload is recorded, and the run goes on when one does.`);
    this.hint(`pyworkflow runs status ${runId}`);
  }
}
