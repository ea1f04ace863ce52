import { readFileSync } from "node:fs";
import { exitCodeMeanings } from "../../src/cli/exit-codes.js";
import { schemaNames } from "./json-schema.js";

// docs/cli/ is made of what oclif.manifest.json and the exit codes say.

interface Flag {
  readonly name: string;
  readonly type: "boolean" | "option";
  readonly char?: string;
  readonly description?: string;
  readonly helpGroup?: string;
  readonly helpValue?: string;
  readonly options?: readonly string[];
  readonly default?: unknown;
  readonly env?: string;
  readonly multiple?: boolean;
  readonly required?: boolean;
  readonly allowNo?: boolean;
  readonly aliases?: readonly string[];
  readonly dependsOn?: readonly string[];
  readonly exclusive?: readonly string[];
}

interface Arg {
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly multiple?: boolean;
  readonly options?: readonly string[];
}

export interface ManifestCommand {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly hidden?: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly (string | { readonly description: string; readonly command: string })[];
  readonly args: Readonly<Record<string, Arg>>;
  readonly flags: Readonly<Record<string, Flag>>;
}

const manifest = JSON.parse(readFileSync("oclif.manifest.json", "utf8")) as { readonly commands: Readonly<Record<string, ManifestCommand>> };
const { oclif } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly oclif: { readonly topics: Readonly<Record<string, { readonly description: string }>> } };

/** Every command, hidden ones too, by id. */
export const commands: readonly ManifestCommand[] = Object.values(manifest.commands).toSorted((left, right) => (left.id < right.id ? -1 : 1));

/** What the command line reads from its environment. */
export const environment: Readonly<Record<string, string>> = {
  PYWORKFLOW_CONFIG: "the configuration file, as --config",
  PYWORKFLOW_DISCOVER: "the original's name of PYWORKFLOW_MODULE",
  PYWORKFLOW_LOG: "debug says as much as --verbose, error as little as --quiet",
  PYWORKFLOW_MODULE: "workflow modules, separated by commas, as --module",
  PYWORKFLOW_OUTPUT: "table, json, jsonl or plain, as --output",
  PYWORKFLOW_RUNTIME: "as --runtime",
  PYWORKFLOW_STORAGE_BACKEND: "as --storage",
  PYWORKFLOW_STORAGE_PATH: "as --storage-path",
  NO_COLOR: "no colours, as --no-color",
  FORCE_COLOR: "colours also where no terminal is",
};

/** The whole surface as text, for the eyes of who reviews a change. */
export function surface(): string {
  const variables = Object.entries(environment).map(([name, meaning]) => `  ${name}: ${meaning}`);
  const codes = Object.entries(exitCodeMeanings).map(([code, meaning]) => `  ${code}: ${meaning}`);
  const parts = [["every command", ...flagsOf(first(), true).map(surfaceOfFlag)], ...commands.map(surfaceOf), ["environment", ...variables], ["exit codes", ...codes]];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function surfaceOf(command: ManifestCommand): readonly string[] {
  const aliases = command.aliases.map((alias) => `  also: ${spoken(alias)}`);
  const args = Object.values(command.args).map((arg) => `  ${argWord(arg)}${arg.options === undefined ? "" : ` (${arg.options.join(", ")})`}`);
  return [`${spoken(command.id)}${command.hidden === true ? " (hidden)" : ""}`, ...aliases, ...args, ...flagsOf(command, false).map(surfaceOfFlag)];
}

function surfaceOfFlag(flag: Flag): string {
  return `  ${[spelling(flag), ...factsOf(flag)].join("; ")}`;
}

/** docs/cli/README.md */
export function indexPage(): string {
  const described = Object.entries(oclif.topics).filter(([topic]) => commandsOf(topic).length > 0);
  return page([
    "# The command line",
    madeBy,
    "`pyworkflow COMMAND -h` shows the same, with the flags in short. What a script can rely on is in [Scripts](../guides/scripts.md), what an error means in [Errors](../errors.md), all of it on one page in [surface.txt](surface.txt).",
    table(["", ""], [...described.map(([topic, { description }]) => [`[${topic}](${topic}.md)`, description]), ["[the others](others.md)", commandsOf(undefined).map(({ id }) => `\`${spoken(id)}\``).join(", ")]]),
    "## Flags of every command",
    "Before the topic as well as behind the command: `pyworkflow --output json runs list`. A flag wins over the environment, that over the configuration file.",
    flagTable(flagsOf(first(), true)),
    "## Environment",
    table(["Variable", ""], Object.entries(environment).map(([name, meaning]) => [`\`${name}\``, meaning])),
    "## Exit codes",
    table(["Code", ""], Object.entries(exitCodeMeanings).map(([code, meaning]) => [code, meaning])),
    "## JSON",
    "`--output json` prints one document, `jsonl` one object a line, `plain` ids. Each command's document has a JSON Schema in [schema/](schema/), and [their rules](json.md) are the same; an error is [error.json](schema/error.json), on stderr.",
  ]);
}

/** docs/cli/TOPIC.md; without a topic that of the commands that have none. */
export function topicPage(topic: string | undefined): string {
  const intro = topic === undefined ? "Commands without a topic." : (oclif.topics[topic]?.description ?? "");
  return page([`# pyworkflow ${topic ?? ""}`.trimEnd(), madeBy, intro, ...commandsOf(topic).flatMap(sectionOf), "Flags of every command, the environment and the exit codes: [The command line](README.md)."]);
}

/** Topics that have commands a person may type. */
export function topics(): readonly string[] {
  return [...new Set(commands.filter(({ id, hidden }) => id.includes(":") && hidden !== true).map(({ id }) => topicOf(id)))];
}

function sectionOf(command: ManifestCommand): readonly string[] {
  const { id, aliases, summary, description, examples, args } = command;
  const flags = flagsOf(command, false);
  const schema = `${id.replaceAll(":", "-")}.json`;
  const usage = ["pyworkflow", spoken(id), ...Object.values(args).map(argWord), ...(flags.length > 0 ? ["[FLAGS]"] : [])].join(" ");
  return [
    `## ${spoken(id)}`,
    [summary, description, aliases.length === 0 ? undefined : `Also: ${aliases.map((alias) => `\`${spoken(alias)}\``).join(", ")}.`].filter((text) => text !== undefined).join("\n\n"),
    fenced(usage),
    ...(Object.keys(args).length === 0 ? [] : [table(["Argument", ""], Object.values(args).map((arg) => [`\`${argWord(arg)}\``, arg.description ?? ""]))]),
    ...(flags.length === 0 ? [] : [flagTable(flags)]),
    fenced(examples.map((each) => (typeof each === "string" ? typed(each) : `# ${each.description}\n${typed(each.command)}`)).join("\n")),
    ...(schemaNames.includes(schema) ? [`JSON: [${schema}](schema/${schema})`] : []),
  ];
}

const madeBy = "<!-- Made by `npm run docs` of what the commands say of themselves: change that. -->";

function page(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

function fenced(text: string): string {
  return `\`\`\`sh\n${text}\n\`\`\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", String.raw`\|`)).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function flagTable(flags: readonly Flag[]): string {
  return table(["Flag", "", ""], flags.map((flag) => [`\`${spelling(flag)}\``, flag.description ?? "", factsOf(flag).join("; ")]));
}

function spelling({ name, char, type, helpValue, options, allowNo = false }: Flag): string {
  const value = type === "option" ? ` ${helpValue ?? options?.join("|") ?? "VALUE"}` : "";
  return `${char === undefined ? "" : `-${char}, `}--${allowNo ? "[no-]" : ""}${name}${value}`;
}

function factsOf({ helpValue, options, default: preset, env, multiple = false, required = false, aliases = [], dependsOn = [], exclusive = [] }: Flag): readonly string[] {
  const facts: readonly (readonly [boolean, string])[] = [
    [required, "required"],
    [multiple, "repeatable"],
    [options !== undefined && options.join("|") !== helpValue, `one of ${options?.join(", ")}`],
    [preset !== undefined && JSON.stringify(preset) !== "[]", `default ${String(preset)}`],
    [env !== undefined, `environment ${env}`],
    [aliases.length > 0, `also ${aliases.map((alias) => `--${alias}`).join(", ")}`],
    [dependsOn.length > 0, `with ${dependsOn.map((name) => `--${name}`).join(", ")}`],
    [exclusive.length > 0, `not with ${exclusive.map((name) => `--${name}`).join(", ")}`],
  ];
  return facts.filter(([holds]) => holds).map(([, fact]) => fact);
}

function argWord({ name, required = false, multiple = false }: Arg): string {
  const word = `${name.toUpperCase()}${multiple ? "…" : ""}`;
  return required ? word : `[${word}]`;
}

function flagsOf({ flags }: ManifestCommand, global: boolean): readonly Flag[] {
  return Object.values(flags).filter(({ helpGroup }) => (helpGroup === "GLOBAL") === global);
}

function commandsOf(topic: string | undefined): readonly ManifestCommand[] {
  return commands.filter(({ id, hidden }) => hidden !== true && (id.includes(":") ? topicOf(id) === topic : topic === undefined));
}

function first(): ManifestCommand {
  const [command] = commands;
  if (command === undefined) throw new Error("the manifest has no command: node bin/prepare.js makes it");
  return command;
}

function topicOf(id: string): string {
  return id.slice(0, id.indexOf(":"));
}

function spoken(id: string): string {
  return id.replaceAll(":", " ");
}

function typed(example: string): string {
  return example.replaceAll("<%= config.bin %>", "pyworkflow");
}
