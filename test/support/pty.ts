import { resolve } from "node:path";
import xterm from "@xterm/headless";
import { bareEnvironment, type Surroundings } from "./cli.js";
import { until } from "./project.js";

/** Makes pseudo-terminals; absent where its compiled part is not made for this machine. */
const pty = await import("@lydell/node-pty").catch(() => undefined);

/** Whether this machine has pseudo-terminals for tests. */
export const hasTerminals = pty !== undefined;
if (!hasTerminals) process.stderr.write("no @lydell/node-pty for this machine: tests on a terminal are skipped\n");

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The real binary on a terminal of its own, and somebody at the keys. */
export interface Terminal {
  readonly pid: number;
  /** Waits until the text is shown: on the screen, or scrolled out of it. A line that the screen has wrapped is one line. */
  sees(text: string | RegExp): Promise<void>;
  /** Waits until the text is shown no more. */
  misses(text: string): Promise<void>;
  type(keys: string): void;
  /** All that stands there, what has scrolled out included, without trailing blanks. */
  shown(): string;
  /** The rows of the screen as they are, down to the last that is not blank. */
  screen(): readonly string[];
  /** All that was written, with what steers the terminal. */
  raw(): string;
  resize(size: TerminalSize): void;
  kill(signal: NodeJS.Signals): void;
  /** The exit code when all is on the screen; null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

export const keys = { enter: "\r", down: "\u001B[B", interrupt: "\u0003", details: "\u000F", erase: "\u007F" } as const;

const binary = resolve("bin/run.js");
const usual: TerminalSize = { columns: 120, rows: 30 };

/** Runs the binary, built before. */
export function onTerminal(args: readonly string[], { cwd, env = {}, columns: cols = usual.columns, rows = usual.rows }: Surroundings & Partial<TerminalSize>): Terminal {
  if (pty === undefined) throw new Error("no pseudo-terminals here: skip this test unless hasTerminals");
  const screen = new xterm.Terminal({ cols, rows, scrollback: 10_000, allowProposedApi: true });
  const { CI: _where, ...bare } = bareEnvironment();
  const child = pty.spawn(process.execPath, [binary, ...args], { cols, rows, cwd, env: { ...bare, TERM: "xterm-256color", ...env } });
  let raw = "";
  child.onData((text) => {
    raw += text;
    screen.write(text);
  });
  // Programs ask the terminal where the cursor is, and wait for the answer.
  screen.onData((answer) => child.write(answer));
  const shown = (): string => linesOf(screen, 0, true).join("\n");
  return {
    pid: child.pid,
    shown,
    screen: () => linesOf(screen, screen.buffer.active.baseY, false),
    raw: () => raw,
    type: (text) => child.write(text),
    kill: (signal) => child.kill(signal),
    async sees(text) {
      await until(`${String(text)} on the terminal`, () => (holds(shown(), text) ? true : undefined), { tell: shown });
    },
    async misses(text) {
      await until(`no ${text} on the terminal`, () => (shown().includes(text) ? undefined : true), { tell: shown });
    },
    resize({ columns, rows: height }) {
      screen.resize(columns, height);
      child.resize(columns, height);
    },
    ended: new Promise((settle) => {
      child.onExit(({ exitCode, signal }) => screen.write("", () => settle(signal === undefined || signal === 0 ? exitCode : null)));
    }),
  };
}

function holds(shown: string, text: string | RegExp): boolean {
  return typeof text === "string" ? shown.includes(text) : text.test(shown);
}

function linesOf({ buffer: { active } }: InstanceType<typeof xterm.Terminal>, from: number, joined: boolean): readonly string[] {
  const lines: string[] = [];
  for (let row = from; row < active.length; row++) {
    const line = active.getLine(row);
    const goesOn = joined && active.getLine(row + 1)?.isWrapped === true;
    const text = line?.translateToString(!goesOn) ?? "";
    if (joined && line?.isWrapped === true) lines.push(`${lines.pop() ?? ""}${text}`);
    else lines.push(text);
  }
  while (lines.at(-1) === "") lines.pop();
  return lines;
}
