import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { packageRoot } from "./own-package.js";

/** Where the tour's own command lines run. */
export interface DemoShell {
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
}

/** `pyworkflow worker run`, as a person would start it in another terminal. */
export interface DemoWorker {
  readonly pid: number;
  /** Undefined as long as it runs. */
  readonly exit: string | undefined;
  /** The last lines that it printed. */
  lastWords(): string;
  /** Asks it to hand over and end. Its exit code; null where a signal ended it. */
  stop(): Promise<number | null>;
}

const stopMs = 15_000;
const keptCharacters = 4000;

export function startDemoWorker(shell: DemoShell): DemoWorker {
  const child = pyworkflow(shell, ["worker", "run"]);
  const exited = once(child, "exit");
  let printed = "";
  const listen = (words: string) => {
    printed = (printed + words).slice(-keptCharacters);
  };
  child.stdout.setEncoding("utf8").on("data", listen);
  child.stderr.setEncoding("utf8").on("data", listen);
  return {
    pid: child.pid ?? 0,
    get exit() {
      if (child.signalCode !== null) return `it was ended by ${child.signalCode}`;
      return child.exitCode === null ? undefined : `it ended with exit code ${child.exitCode}`;
    },
    lastWords: () => printed.trim(),
    async stop() {
      child.kill("SIGTERM");
      const tooLong = setTimeout(() => void child.kill("SIGKILL"), stopMs);
      if (child.exitCode === null && child.signalCode === null) await exited;
      clearTimeout(tooLong);
      return child.exitCode;
    },
  };
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command of ours, to its end. */
export async function runCommand(shell: DemoShell, words: readonly string[]): Promise<Ended> {
  const child = pyworkflow(shell, words);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  return { code: child.exitCode, stdout, stderr };
}

function pyworkflow({ dir, env }: DemoShell, words: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(process.execPath, [join(packageRoot, "bin/run.js"), ...words], { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
}
