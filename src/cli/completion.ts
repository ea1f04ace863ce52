/** A command as its manifest describes it. */
export interface KnownCommand {
  /** `runs:list` */
  readonly id: string;
  readonly summary?: string | undefined;
  readonly args: Readonly<Record<string, { readonly name: string; readonly multiple?: boolean | undefined; readonly options?: readonly string[] | undefined }>>;
  readonly flags: Readonly<Record<string, KnownFlag>>;
}

export interface KnownFlag {
  readonly name: string;
  readonly type: "boolean" | "option";
  readonly char?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly multiple?: boolean | undefined;
  readonly allowNo?: boolean | undefined;
  readonly description?: string | undefined;
  /** Set of a flag that every command has. */
  readonly helpGroup?: string | undefined;
}

/** What the program understands. */
export interface Known {
  readonly commands: readonly KnownCommand[];
  readonly topics: readonly { readonly name: string; readonly description?: string | undefined }[];
}

/** A word that may be typed next, and what it means. */
export interface Offer {
  readonly word: string;
  readonly about: string;
}

/** What only a store can tell. */
export type LiveKind = "run" | "workflow" | "schedule" | "worker" | "hook" | "operation";

/** What fits where the cursor stands. */
export type Wanted =
  | { readonly kind: "words"; readonly offers: readonly Offer[] }
  | { readonly kind: "files" }
  | { readonly kind: LiveKind; readonly command: string; readonly prefix: string; /** Stands before each answer: `--workflow=`. */ readonly lead: string; /** The arguments before. */ readonly before: readonly string[] };

const nothing: Wanted = { kind: "words", offers: [] };

/**
 * What may stand in the place of the last of `words`, which are those behind the program's name; the last one is the beginning that was typed, perhaps
 * empty.
 */
export function wantedAt(known: Known, words: readonly string[]): Wanted {
  const { commands } = known;
  const current = words.at(-1) ?? "";
  const line = readLine(commands, words.slice(0, -1));
  if (line.awaits !== undefined) return valueOf(line, line.awaits, { prefix: current, lead: "" });
  if (line.afterDashes) return argumentAt(line, current);
  const [, name = "", value = ""] = /^--([\w-]+)=(.*)$/s.exec(current) ?? [];
  const flag = flagsOf(line, commands)[name];
  if (flag !== undefined) return valueOf(line, flag, { prefix: value, lead: `--${name}=` });
  if (current.startsWith("-")) return startingWith(current, flagOffers(line, commands));
  if (line.positionals[0] === "help") return startingWith(current, nextWords(known, line.positionals.slice(1)));
  return line.command === undefined ? startingWith(current, nextWords(known, line.positionals)) : argumentAt(line, current);
}

/** The values of flags that stand in the words: the ones that name the project. */
export function flagValue(words: readonly string[], name: string): string | undefined {
  const index = words.indexOf(`--${name}`);
  return (index === -1 ? undefined : words[index + 1]) ?? words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
}

interface Line {
  readonly command: KnownCommand | undefined;
  /** Words that are no flags and no values of flags, those of the command first. */
  readonly positionals: readonly string[];
  readonly used: ReadonlySet<string>;
  /** The flag whose value comes next. */
  readonly awaits: KnownFlag | undefined;
  /** Behind `--` nothing is a flag. */
  readonly afterDashes: boolean;
}

function readLine(commands: readonly KnownCommand[], words: readonly string[]): Line {
  let line: Line = { command: undefined, positionals: [], used: new Set(), awaits: undefined, afterDashes: false };
  for (const word of words) line = read(line, word, commands);
  return line;
}

function read(before: Line, word: string, commands: readonly KnownCommand[]): Line {
  const line = { ...before, awaits: undefined };
  if (before.awaits !== undefined) return line;
  if (word === "--") return { ...line, afterDashes: true };
  if (line.afterDashes || !word.startsWith("-")) return positional(line, word, commands);
  const flags = flagsOf(line, commands);
  const [typed = ""] = word.split("=", 1);
  const flag = flags[typed.slice(2)] ?? Object.values(flags).find(({ char }) => typed === `-${char}`);
  if (flag === undefined) return line;
  return { ...line, used: new Set([...line.used, flag.name]), ...(flag.type === "option" && typed === word && { awaits: flag }) };
}

function positional(line: Line, word: string, commands: readonly KnownCommand[]): Line {
  const all = [...line.positionals, word];
  return { ...line, positionals: all, command: line.command ?? commands.find(({ id }) => id === all.join(":")) };
}

/** Before a command is named, the flags that all of them have. */
function flagsOf({ command }: Line, commands: readonly KnownCommand[]): KnownCommand["flags"] {
  if (command !== undefined) return command.flags;
  return Object.fromEntries(Object.entries(commands[0]?.flags ?? {}).filter(([, { helpGroup }]) => helpGroup !== undefined));
}

function flagOffers(line: Line, commands: readonly KnownCommand[]): readonly Offer[] {
  const open = Object.values(flagsOf(line, commands)).filter(({ name, multiple = false }) => multiple || !line.used.has(name));
  const ownFirst = open.toSorted((left, right) => Number(left.helpGroup !== undefined) - Number(right.helpGroup !== undefined));
  const help = { word: "--help", about: "what it understands" };
  return [...ownFirst.flatMap(({ name, description = "", allowNo = false }) => [`--${name}`, ...(allowNo ? [`--no-${name}`] : [])].map((word) => ({ word, about: description }))), help];
}

/** The next words of commands that begin with those. */
function nextWords({ commands, topics }: Known, typed: readonly string[]): readonly Offer[] {
  const offers = new Map<string, Offer>();
  for (const { id, summary = "" } of commands) {
    const words = id.split(":");
    const word = words[typed.length];
    if (word === undefined || typed.some((each, index) => words[index] !== each)) continue;
    const isWhole = words.length === typed.length + 1;
    const topic = topics.find(({ name }) => name === [...typed, word].join(":"));
    if (isWhole || !offers.has(word)) offers.set(word, { word, about: isWhole ? summary : (topic?.description ?? "") });
  }
  return [...offers.values()];
}

interface Typed {
  readonly prefix: string;
  readonly lead: string;
}

function argumentAt({ command, positionals }: Line, prefix: string): Wanted {
  if (command === undefined) return nothing;
  const before = positionals.slice(command.id.split(":").length);
  const args = Object.values(command.args);
  const arg = args[before.length] ?? args.find(({ multiple = false }) => multiple);
  if (arg === undefined) return nothing;
  if (arg.options !== undefined) return startingWith(prefix, wordsOf(arg.options));
  const [topic = ""] = command.id.split(":");
  const kind = kindOfArgument(arg.name, command.id, topic);
  return kind === undefined ? nothing : wanted(kind, { command: command.id, prefix, lead: "", before });
}

function valueOf({ command, positionals }: Line, { name, options }: KnownFlag, { prefix, lead }: Typed): Wanted {
  if (options !== undefined) return startingWith(`${lead}${prefix}`, wordsOf(options.map((option) => `${lead}${option}`)));
  const id = command?.id ?? "";
  const kind = name === "cursor" ? topicKinds[id.split(":")[0] ?? ""] : flagKinds[name];
  return kind === undefined ? nothing : wanted(kind, { command: id, prefix, lead, before: positionals.slice(id.split(":").length) });
}

function wanted(kind: LiveKind | "files", spot: Omit<Extract<Wanted, { kind: LiveKind }>, "kind">): Wanted {
  return kind === "files" ? { kind } : { kind, ...spot };
}

const topicKinds: Readonly<Record<string, LiveKind>> = { runs: "run", hooks: "run", schedules: "schedule", worker: "worker" };

const flagKinds: Readonly<Record<string, LiveKind | "files">> = {
  workflow: "workflow",
  schedule: "schedule",
  parent: "run",
  "run-id": "run",
  "from-step": "operation",
  config: "files",
  module: "files",
  "storage-path": "files",
  "payload-file": "files",
  dir: "files",
};

function kindOfArgument(name: string, id: string, topic: string): LiveKind | "files" | undefined {
  if (name === "token") return "hook";
  if (name === "id" || name === "ids") return topicKinds[topic];
  if (name === "workflow" || (topic === "workflows" && name === "name")) return "workflow";
  return id === "help" ? undefined : "files";
}

function wordsOf(words: readonly string[]): readonly Offer[] {
  return words.map((word) => ({ word, about: "" }));
}

function startingWith(prefix: string, offers: readonly Offer[]): Wanted {
  return { kind: "words", offers: offers.filter(({ word }) => word.startsWith(prefix)) };
}
