import type { Command } from "@oclif/core/command";
import type { Depth } from "../services/doctor-finding.js";
import { BaseCommand } from "./base-command.js";

/** Commands that look at what a project rests on. */
export abstract class ExamineCommand<T extends typeof Command> extends BaseCommand<T> {
  /** Shows what is found; exit code 1 where a check fails. */
  protected async examine(depth: Depth): Promise<void> {
    const [{ doctorMeans }, { examine }, { findingLines }] = await Promise.all([
      import("./doctor-means.js"),
      import("../services/doctor.js"),
      import("./views/findings.js"),
    ]);
    const means = doctorMeans(this.whereabouts(), nodeNeeded(this.config.pjson));
    const findings = await this.withProgress("runs checked", (onProgress) => examine(means, { depth, onProgress }));
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
