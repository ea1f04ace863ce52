import { boolean } from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.js";

export default class Doctor extends BaseCommand<typeof Doctor> {
  static override summary = "Look at everything a project rests on, and say how to mend what is wrong.";
  static override description =
    "Node, SQLite, the configuration, the modules, the store (every run's invariants, unless --quick), workers, schedules, clock and disk. Nothing is changed. " +
    "Plain output lists the checks that failed. Exit code 1: one of them did; warnings don't count.";
  static override examples = [
    "<%= config.bin %> doctor",
    { description: "For a monitor, every minute", command: "<%= config.bin %> doctor --quick -o json" },
  ];
  static override flags = { quick: boolean({ description: "leave out what reads the whole store" }) };

  async run(): Promise<void> {
    const [{ doctorMeans }, { examine }, { findingLines }] = await Promise.all([
      import("../cli/doctor-means.js"),
      import("../services/doctor.js"),
      import("../cli/views/findings.js"),
    ]);
    const findings = await examine(doctorMeans(this.whereabouts(), nodeNeeded(this.config.pjson)), { quick: this.flags.quick });
    const failed = findings.filter(({ status }) => status === "failure");
    this.show(findings, { table: (screen) => findingLines(findings, screen), plain: () => failed.map(({ check }) => check) });
    if (failed.length > 0) process.exitCode = 1;
  }
}

// package.json says it as ">=20.19".
function nodeNeeded(pjson: object): string {
  const engines: unknown = Reflect.get(pjson, "engines");
  const needed: unknown = typeof engines === "object" && engines !== null ? Reflect.get(engines, "node") : undefined;
  return typeof needed === "string" ? needed.replace(">=", "") : "";
}
