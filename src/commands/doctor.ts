import { boolean } from "@oclif/core/flags";
import { ExamineCommand } from "../cli/examine-command.js";

export default class Doctor extends ExamineCommand<typeof Doctor> {
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
    await this.examine(this.flags.quick ? "quick" : "whole");
  }
}
