import { fileURLToPath } from "node:url";
import { decode } from "../../base/codec.js";
import { deferred } from "../../base/deferred.js";
import { unreachable } from "../../base/unreachable.js";
import type { Company } from "../../core/claim.js";
import { WorkerProcessError } from "../../core/errors.js";
import type { WorkerId } from "../../core/ids.js";
import type { Begin, Order, Report } from "./messages.js";

/** The code that a worker process has loaded. */
export type Loaded = Pick<Extract<Report, { type: "ready" }>, "workflows" | "version" | "declarations" | "sources">;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A worker process, as its supervisor sees it. */
export interface Child {
  readonly workerId: WorkerId;
  readonly company: Company;
  readonly pid: number | undefined;
  /** Resolves when it claims; rejects with what kept it from that. */
  readonly ready: Promise<Loaded>;
  readonly exited: Promise<Exit>;
  stop(graceMs: number): void;
  kill(): void;
}

/** Who hears of a worker process. */
export interface ChildListener {
  /** Some run got on. */
  onOutcome(): void;
  onMemory(bytes: number): void;
  /** What it prints; absent: that goes where our own output goes. */
  readonly onOutput?: (text: string) => void;
}

/** Starts a worker process. */
export type Launch = (begin: Begin, listener: ChildListener) => Promise<Child>;

/** Launches the entry file in a Node process of its own. */
export function launcherOf(entry: URL): Launch {
  return async (begin, listener) => {
    // Loaded late: half of the commands never start a process.
    const { execaNode } = await import("execa");
    const output = listener.onOutput ? "pipe" : "inherit";
    const subprocess = execaNode(fileURLToPath(entry), [], {
      stdin: "ignore",
      stdout: output,
      stderr: output,
      ipc: true,
      serialization: "json",
      buffer: false,
      reject: false,
      cleanup: false,
      nodeOptions: [],
    });
    for (const stream of [subprocess.stdout, subprocess.stderr]) stream?.setEncoding("utf8").on("data", (text: string) => listener.onOutput?.(text));
    const ready = deferred<Loaded>();
    // Whoever needs it awaits it; a replacement's failure is told by its exit.
    ready.promise.catch(() => undefined);
    const exited = new Promise<Exit>((resolve) => {
      // Not the end of its output: a grandchild may hold that open for long.
      subprocess.once("exit", (code, signal) => {
        ready.reject(new WorkerProcessError(describeExit({ code, signal })));
        resolve({ code, signal });
      });
      subprocess.once("error", (error: Error) => {
        ready.reject(error);
        if (subprocess.pid === undefined) resolve({ code: 1, signal: null });
      });
    });
    subprocess.on("message", (report: Report) => {
      switch (report.type) {
        case "ready":
          return ready.resolve(report);
        case "failed":
          return ready.reject(decode(report.error));
        case "outcome":
          return listener.onOutcome();
        case "memory":
          return listener.onMemory(report.bytes);
        default:
          return unreachable(report);
      }
    });
    const order = (message: Order) => {
      // A process that has just died is told by its exit.
      if (subprocess.connected) subprocess.send(message, () => undefined);
    };
    order({ type: "begin", begin });
    return {
      workerId: begin.workerId,
      company: begin.company,
      pid: subprocess.pid,
      ready: ready.promise,
      exited,
      stop: (graceMs) => order({ type: "stop", graceMs }),
      kill: () => void subprocess.kill("SIGKILL"),
    };
  };
}

export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `ended with exit code ${code}` : `killed by ${signal}`;
}
