import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.js";
import type { DemoNews } from "../services/demo.js";

export default class Demo extends BaseCommand<typeof Demo> {
  static override summary = "Watch a run survive kill -9: a guided tour that checks itself.";
  static override description =
    "Writes the quickstart project into a temporary folder, starts a worker and an order, kills the process that takes the payment, and checks that another one goes on with nothing lost and nothing done twice. Exit code 1 when any of that does not happen.";
  static override examples = ["<%= config.bin %> demo", "<%= config.bin %> demo --keep --output json"];
  static override flags = {
    keep: boolean({ description: "leave the folder, to look into it" }),
  };

  async run(): Promise<void> {
    const [stage, { runDemo }, { demoReport }, { untilInterrupted }] = await Promise.all([
      import("../cli/demo-stage.js"),
      import("../services/demo.js"),
      import("../cli/views/demo.js"),
      import("../cli/ending-signals.js"),
    ]);
    const { keep, quiet, "no-color": noColor } = this.flags;
    const { view, pauseMs } = stage.openDemoView({ quiet, noColor });
    const show = { pauseMs, onNews: (news: DemoNews) => view.show(news) };
    const folder = { dir: await stage.demoFolder(), env: stage.demoEnvironment(), openProject: stage.openDemoProject };
    try {
      const report = await untilInterrupted((signal) => runDemo({ ...folder, ...show, keep, signal }));
      this.show(report, { table: (screen) => demoReport(report, screen), plain: () => [report.run_id] });
    } finally {
      view.end();
    }
  }
}
