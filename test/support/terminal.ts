import { spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { bareEnvironment, ended, type Surroundings } from "./cli.js";
import { until } from "./project.js";

/** Whether this machine has the `script` of util-linux, which makes pseudo-terminals; the one of BSD takes other words. */
export const hasTerminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

/** The real binary on a terminal of its own, and somebody at the keys. */
export interface Terminal {
  /** Waits until the text has appeared behind what was seen before. */
  sees(text: string): Promise<void>;
  type(keys: string): void;
  /** All that was shown, without what steers the terminal. */
  shown(): string;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

export const keys = { enter: "\r", down: "\u001B[B", interrupt: "\u0003" } as const;

const binary = resolve("bin/run.js");

/** Runs the binary, built before; its words must be safe in a shell. */
export function onTerminal(args: readonly string[], { cwd, env = {} }: Surroundings): Terminal {
  const command = `stty cols 200; exec ${process.execPath} ${binary} ${args.join(" ")}`;
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd, env: { ...bareEnvironment(), TERM: "xterm", ...env }, stdio: ["pipe", "pipe", "inherit"] });
  let [raw, seen] = ["", 0];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    raw += text;
  });
  const shown = (): string => stripVTControlCharacters(raw);
  return {
    shown,
    ended: ended(child),
    type: (text) => void child.stdin.write(text),
    async sees(text) {
      const place = await until(`${JSON.stringify(text)} on the terminal`, () => placeOf(shown(), text, seen), { tell: shown });
      seen = place + text.length;
    },
  };
}

function placeOf(shown: string, text: string, from: number): number | undefined {
  const place = shown.indexOf(text, from);
  return place < 0 ? undefined : place;
}
