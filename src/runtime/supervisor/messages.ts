import type { Encoded } from "../../base/codec.js";
import type { Company } from "../../core/claim.js";
import type { WorkerId } from "../../core/ids.js";
import type { LogOptions } from "../../core/log-options.js";
import type { Declaration } from "../../core/schedule/definition.js";

/** What a supervisor says to a worker process: `begin` first, and once. */
export type Order<Config = unknown> =
  | { readonly type: "begin"; readonly begin: Begin<Config> }
  /** Claim nothing more, finish steps for at most this long, hand the rest over, exit. */
  | { readonly type: "stop"; readonly graceMs: number };

/** What a worker process says to its supervisor. */
export type Report =
  /** Its modules are loaded, it claims. `declarations`: what they say of its workflows. `sources`: the user's files they were made of. */
  | {
      readonly type: "ready";
      readonly workflows: readonly string[];
      readonly version: string;
      readonly declarations: readonly Declaration[];
      readonly sources: readonly SourceFile[];
    }
  /** It can't begin; it exits. The error is an encoded one. */
  | { readonly type: "failed"; readonly error: Encoded }
  /** Some run has a new outcome: the first time in its life, and at most twice a second. */
  | { readonly type: "outcome" }
  /** Its resident memory: before it is ready, and once a second from then on. */
  | { readonly type: "memory"; readonly bytes: number };

/** A file that code was made of, and what was in it. */
export interface SourceFile {
  /** Absolute. */
  readonly path: string;
  readonly hash: string;
}

export interface Begin<Config = unknown> {
  /** New for each process. The supervisor chooses it, so that it can bury a process that never said a word. */
  readonly workerId: WorkerId;
  readonly parentId: WorkerId;
  readonly company: Company;
  readonly concurrency: number;
  readonly hostname: string;
  /** The only workflows to execute; absent: all that the modules define. */
  readonly workflows?: readonly string[];
  readonly log: LogOptions;
  /** Whether it is to tell of its memory. */
  readonly tellsMemory: boolean;
  /** The resolved configuration, for the entry file of the process. */
  readonly config: Config;
}
