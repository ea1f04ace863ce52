import type { Backend, CommitResult, RunCommit } from "../../../src/storage/backend.js";

/** A call of an executor to its store, which waits for the driver to carry it out, to fail it, or to forget it. */
export type HeldCall = HeldCommit | HeldRead;

export interface HeldCommit extends Held {
  readonly kind: "commit";
  readonly batch: readonly RunCommit[];
  carryOut(): Promise<readonly CommitResult[]>;
}

export interface HeldRead extends Held {
  readonly kind: "read";
  carryOut(): Promise<unknown>;
}

interface Held {
  /** What the store makes of it; to be called at most once. */
  carryOut(): Promise<unknown>;
  answer(value: unknown): void;
  fail(error: Error): void;
}

/** What is wrong with a store: commits lose their `expect`, or what they say to other runs. */
export type StoreFault = "forgets expect" | "forgets linked appends";

export interface GateOptions {
  readonly hold: (call: HeldCall) => void;
  readonly fault?: StoreFault | undefined;
}

/** A store whose commits and reads take as long as the driver likes. */
export function gatedBackend(store: Backend, { hold, fault }: GateOptions): Backend {
  const held = <T>(carryOut: () => Promise<T>, holdWith: (call: Held & { carryOut(): Promise<T> }) => void): Promise<T> =>
    new Promise((resolve, fail) => {
      holdWith({ carryOut, answer: (value) => resolve(value as T), fail });
    });
  return {
    ...store,
    commit: (batch) => {
      const sent = fault === undefined ? batch : batch.map((member) => without(member, fault));
      return held(() => store.commit(sent), (call) => hold({ ...call, kind: "commit", batch }));
    },
    readHistory: (runId, after) => held(() => store.readHistory(runId, after), (call) => hold({ ...call, kind: "read" })),
  };
}

function without({ expect, linked, ...rest }: RunCommit, fault: StoreFault): RunCommit {
  if (fault === "forgets expect") return { ...rest, ...(linked && { linked }) };
  return { ...rest, ...(expect && { expect }) };
}
