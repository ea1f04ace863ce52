import { existsSync } from "node:fs";
import { Command } from "@oclif/core/command";
import type { Interfaces } from "@oclif/core";
import { systemClock } from "../base/clock.js";
import type { OnProgress } from "../base/on-progress.js";
import type { LoadConfigOptions } from "../config/load-config.js";
import type { LogFormat } from "../core/log-options.js";
import type { Access } from "../main/open-project.js";
import type { Project } from "../services/project.js";
import { defined } from "./defined.js";
import { globalFlags } from "./flags.js";
import { isForPrograms, render, type OutputFormat, type Views } from "./output.js";
import { Progress } from "./progress.js";
import { canDraw, openScreen, paintFor, type Screen } from "./screen.js";
import { writeData } from "./streams.js";
import { suggest, UsageError } from "./usage-error.js";

/**
 * What every command stands on. A command declares `summary`, `examples`, `flags` and `args`; its `run()` imports its service
 * and its view (lazily: all commands are loaded to print the help), then:
 *
 *     const hook = await this.withProject({ access: "read" }, (project) => showHook(project, { token: this.args.token }));
 *     this.show(hook, { table: (screen) => hookCard(hook, screen), plain: () => [hook.token] });
 *
 * `this.flags` and `this.args` are parsed before `run()`. Data goes through `show` to stdout, all else through `note`, `hint` and `detail` to
 * stderr. A command that needs the user's workflows calls `loadWorkflows(this.whereabouts())` of load-workflows.ts. Whatever goes wrong is thrown: entry.ts prints it and exit-codes.ts gives its number.
 */
export abstract class BaseCommand<T extends typeof Command> extends Command {
  static override baseFlags = globalFlags;

  protected declare flags: Interfaces.InferredFlags<typeof globalFlags & T["flags"]>;
  protected declare args: Interfaces.InferredArgs<T["args"]>;

  override async init(): Promise<void> {
    const { flags, args, strict } = this.ctor;
    const parsed = await this.parse({ flags, baseFlags: globalFlags, args, strict });
    Object.assign(this, { flags: parsed.flags, args: parsed.args });
    demandLogLevel(process.env["PYWORKFLOW_LOG"]);
  }

  /** Opens the store that flags, environment and configuration name; closes it when `use` is done. Only `create` makes one where there is none. */
  protected async withProject<R>(options: { readonly access: Access; readonly blocking?: boolean }, use: (project: Project) => Promise<R>): Promise<R> {
    const { openProject } = await import("../main/open-project.js");
    const typed = this.globals["storage-path"];
    const isNew = options.access === "create" && typed !== undefined && !existsSync(typed);
    const project = await openProject({
      ...this.whereabouts(),
      blocking: true,
      onNote: (line) => this.note(line),
      ...options,
    });
    if (isNew) this.note(`The store ${typed} is new: there was none.`); // what is typed may be mistyped
    this.detail(`store: ${project.config.storage.backend === "sqlite" ? project.config.storage.path : "memory"}`);
    try {
      return await use(project);
    } finally {
      await project.close();
    }
  }

  /** What names the project: flags, environment, working directory. */
  protected whereabouts(): LoadConfigOptions {
    const { module, runtime, storage, "storage-path": storagePath, config } = this.globals;
    const loadScript = async (file: string): Promise<unknown> => (await import("../main/open-project.js")).loadScript(file);
    return { flags: defined({ module, runtime, storage, storagePath, config }), cwd: process.cwd(), env: process.env, loadScript };
  }

  /** Data: the value itself as json or jsonl, else its view. */
  protected show(value: unknown, views: Views): void {
    const { output } = this;
    const view = (): string => (output === "plain" ? views.plain().join("\n") : views.table(this.screen()));
    writeData(render(value, output, view));
  }

  /** What somebody should know who looks: a cut list, a store that does not exist yet. */
  protected note(line: string): void {
    if (!this.quiet) process.stderr.write(`${line}\n`);
  }

  /** Shows on stderr how far a long work is, while it calls `onProgress`. */
  protected async withProgress<R>(what: string, work: (onProgress: OnProgress) => Promise<R>): Promise<R> {
    const { isTTY, columns } = process.stderr;
    const write = (text: string) => void (this.quiet || process.stderr.write(text));
    const progress = new Progress({ what, moving: isTTY, width: columns || 80, clock: systemClock, write });
    try {
      return await work((done, of) => progress.at(done, of));
    } finally {
      progress.end();
    }
  }

  /** Whether a live view may be drawn there: a person looks, at a terminal that can be drawn over. */
  protected mayDraw(stream: "stdout" | "stderr"): boolean {
    return this.output === "table" && !this.quiet && canDraw(stream, process.env);
  }

  /** Refuses a live view where none can be drawn; `instead` says what there is in its place. */
  protected demandDrawing(flag: string, instead: string): void {
    if (!this.mayDraw("stdout")) throw new UsageError(`${flag} draws on a terminal, as a table, and here it can't`, instead);
  }

  protected paint(stream: "stdout" | "stderr"): Screen["paint"] {
    return paintFor(stream, this.colouring);
  }

  /** Of a list that is cut: how many are shown, of what, and what shows more. */
  protected noteCut(shown: number, what: string, more: string): void {
    this.note(`${shown === 1 ? `The newest${what} is` : `The ${shown} newest${what} are`} shown${more}.`);
  }

  /** What is said in the place of a result where a question was answered with no. */
  protected declined(): void {
    this.note("Nothing was changed.");
  }

  /** What to do next; for people only, so not where the output is read by a program. */
  protected hint(line: string): void {
    if (this.output === "table" && process.stdout.isTTY) this.note(this.paint("stderr").dim(line));
  }

  /** Only with --verbose. */
  protected detail(line: string): void {
    if (this.globals.verbose || process.env["PYWORKFLOW_LOG"] === "debug") this.note(line);
  }

  protected get output(): OutputFormat {
    return this.globals.output ?? "table";
  }

  /** Of a log on stderr, unless a flag says it. */
  protected get logFormat(): LogFormat {
    return isForPrograms(this.output) ? "json" : "pretty";
  }

  private get quiet(): boolean {
    return this.globals.quiet || (process.env["PYWORKFLOW_LOG"] === "error" && !this.globals.verbose);
  }

  private get colouring(): { noColor: boolean; env: NodeJS.ProcessEnv } {
    return { noColor: this.globals["no-color"], env: process.env };
  }

  private get globals(): Interfaces.InferredFlags<typeof globalFlags> {
    return this.flags;
  }

  protected screen(): Screen {
    return openScreen(this.paint("stdout"), systemClock.now(), Reflect.get(this.flags, "utc") === true);
  }

  // entry.ts speaks for all errors.
  protected override async catch(error: Error): Promise<unknown> {
    throw error;
  }
}

const logLevels = ["debug", "error"];

function demandLogLevel(level: string | undefined): void {
  if (level === undefined || level === "" || logLevels.includes(level)) return;
  throw new UsageError(`PYWORKFLOW_LOG: ${level} is none of ${logLevels.join(", ")}`, suggest(level, logLevels, "give one of these, or unset it"));
}
