import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.js";

export default class Demo extends BaseCommand<typeof Demo> {
  static override summary = "Watch a run survive kill -9: a guided tour that checks itself.";
  static override description =
    "Writes the quickstart project into a temporary folder, starts a worker and an order, kills the process that takes the payment, and checks that another one goes on with nothing lost and nothing done twice. Exit code 1 when any of that does not happen.";
  static override examples = ["<%= config.bin %> demo", "<%= config.bin %> demo --keep --output json"];
  static override flags = {
    keep: boolean({ description: "leave the folder, to look into it" }),
  };

  async run(): Promise<void> {
    const [stage, { runDemo }, { demoReport }, { InterruptedError }] = await Promise.all([
      import("../cli/demo-stage.js"),
      import("../services/demo.js"),
      import("../cli/views/demo.js"),
      import("../cli/prompts.js"),
    ]);
    const { keep, quiet, "no-color": noColor } = this.flags;
    const { view, pauseMs } = stage.openDemoView({ quiet, noColor });
    const interrupted = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interrupted.abort(new InterruptedError("what was begun was taken back")));
    try {
      const report = await runDemo({
        dir: await stage.demoFolder(),
        env: stage.demoEnvironment(),
        keep,
        pauseMs,
        openProject: stage.openDemoProject,
        onNews: (news) => view.show(news),
        signal: interrupted.signal,
      });
      this.show(report, { table: (screen) => demoReport(report, screen), plain: () => [report.run_id] });
    } finally {
      view.end();
    }
  }
}
