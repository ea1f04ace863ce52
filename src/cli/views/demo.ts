import type { ChalkInstance } from "chalk";
import { formatDuration } from "../../base/duration.js";
import type { RecordedEvent } from "../../core/events/event.js";
import { operationNameOf, type OperationId } from "../../core/ids.js";
import type { DemoNews, DemoReport } from "../../services/demo.js";
import type { LiveLines } from "../live-lines.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { logTable } from "./log-table.js";

/** The tour while it goes on. */
export class DemoView {
  readonly #lines: LiveLines;
  readonly #paint: ChalkInstance;
  #began = new Map<OperationId, { at: number; attempt: number }>();
  #done: string[] = [];
  #killedAt = 0;
  #pid: number | undefined;

  constructor(lines: LiveLines, paint: ChalkInstance) {
    this.#lines = lines;
    this.#paint = paint;
  }

  show(news: DemoNews): void {
    switch (news.kind) {
      case "project":
        this.#lines.line(this.#paint.bold("An order that survives the death of its process"));
        this.#tick("quickstart", `${news.files} files in ${news.dir}`);
        return this.#lines.doing("worker run: starting its processes");
      case "worker":
        this.#tick("worker run", `supervisor ${news.pid}, processes ${news.processes.join(" and ")}`);
        return this.#lines.doing("workflows run: starting an order");
      case "run":
        return this.#tick(news.words.slice(0, 3).join(" "), `${news.words.slice(3).join(" ")}: ${news.runId}`);
      case "killed":
        return this.#killed(news);
      case "stopped":
        this.#lines.doing();
        return this.#tick("worker stopped", "exit code 0");
      default:
        return this.#event(news.event, news.pid);
    }
  }

  end(): void {
    this.#lines.doing();
  }

  #event(event: RecordedEvent, pid: number | undefined): void {
    switch (event.type) {
      case "workflow.started":
        this.#pid = pid;
        return;
      case "workflow.interrupted":
        return this.#lines.line(`  ${this.#paint.yellow("↯")} the loss is seen: the run is due again`);
      case "workflow.resumed":
        return this.#resumed(event.at, pid);
      case "step.started":
        this.#began.set(event.operationId, event);
        return this.#lines.doing(`  ${operationNameOf(event.operationId)} runs in process ${this.#pid ?? "?"}${event.attempt > 1 ? `, attempt ${event.attempt}` : ""}`);
      case "step.completed":
        return this.#completed(event.operationId, event.at);
      case "workflow.completed":
        this.#tick("completed", "nothing lost, nothing done twice");
        return this.#lines.doing("the worker stops");
      default:
        break;
    }
  }

  #completed(operationId: OperationId, at: number): void {
    const name = operationNameOf(operationId);
    const { at: began = at, attempt = 1 } = this.#began.get(operationId) ?? {};
    this.#done.push(name);
    const again = attempt > 1 ? `, attempt ${attempt}; charged once, for both attempts have one idempotency key` : "";
    this.#lines.doing();
    this.#lines.line(`  ${this.#paint.green("✔")} ${name.padEnd(17)} ${this.#paint.dim(formatDuration(at - began) + again)}`);
  }

  #killed({ pid, step, at }: DemoNews & { kind: "killed" }): void {
    this.#killedAt = at;
    this.#lines.doing();
    this.#lines.line(`${this.#paint.red("✖")} ${this.#paint.bold(`kill -9 ${pid}`)}, while ${operationNameOf(step)} runs: charged, and not recorded yet`);
    this.#lines.doing("  waiting for somebody to notice");
  }

  #resumed(at: number, pid: number | undefined): void {
    this.#pid = pid;
    this.#lines.doing();
    this.#lines.line(`  ${this.#paint.cyan("↻")} process ${pid ?? "?"} goes on ${this.#paint.bold(formatDuration(Math.max(0, at - this.#killedAt)))} later`);
    for (const name of this.#done) this.#lines.line(`  ${this.#paint.green("✔")} ${name.padEnd(17)} ${this.#paint.dim("kept, not executed again")}`);
  }

  #tick(what: string, detail: string): void {
    this.#lines.line(`${this.#paint.green("✔")} ${what.padEnd(14)} ${this.#paint.dim(detail)}`);
  }
}

/** What was seen, when it is over. */
export function demoReport(report: DemoReport, screen: Screen): string {
  const { paint } = screen;
  const after = report.kept ? `look into it: cd ${report.dir}` : "removed; pyworkflow demo --keep leaves it to look into";
  return [
    `${paint.bold("Recovery:")} ${formatDuration(report.recovery_ms)} from SIGKILL until another process had the run`,
    `${paint.bold("Result:")} ${toJson(report.result)}`,
    paint.bold("Checked, against the log and the payments:"),
    ...report.facts.map(({ fact, confirmed }) => `  ${confirmed ? paint.green("✔") : paint.red("✖")} ${fact}`),
    paint.bold(`Event log of ${report.run_id}:`),
    logTable(report.log, screen),
    `${paint.bold("Folder:")} ${report.dir} (${after})`,
  ].join("\n");
}
