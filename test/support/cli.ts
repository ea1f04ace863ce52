import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd: string;
  /** On top of an environment without any variable of ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Handed to the command on its stdin, which is closed then. */
  readonly input?: string;
}

const binary = resolve("bin/run.js");

/** Runs the real binary, built before, to its end. */
export async function pyworkflow(args: readonly string[], surroundings: Surroundings): Promise<Ended> {
  return execute([binary, ...args], surroundings);
}

/** Runs Node to its end. */
export async function execute(args: readonly string[], { cwd, env = {}, input = "" }: Surroundings): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd, env: { ...bareEnvironment(), ...env }, stdio: "pipe" });
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);
  return { code, stdout, stderr };
}

/** The exit code; null where a signal ended it. */
export async function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((settle, refuse) => {
    child.once("close", (code) => settle(code));
    child.once("error", refuse);
  });
}

/** The environment of the tests without what steers the command line: colours, and variables of our own. */
export function bareEnvironment(): NodeJS.ProcessEnv {
  const steers = /^(PYWORKFLOW_|FORCE_COLOR$|NO_COLOR$|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !steers.test(name)));
}

/** A new empty folder, and the way to remove it. */
export function newFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "pyworkflow-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
