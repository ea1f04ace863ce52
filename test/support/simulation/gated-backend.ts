import type { Backend } from "../../../src/storage/backend.js";

/** A call of an executor to its store, which waits for the driver to carry it out, to fail it, or to forget it. */
export interface HeldCall {
  readonly kind: "commit" | "read";
  /** What the store makes of it; to be called at most once. */
  carryOut(): Promise<unknown>;
  answer(value: unknown): void;
  fail(error: Error): void;
}

export interface GateOptions {
  readonly hold: (call: HeldCall) => void;
  /** A fault: commits lose their `expect`. */
  readonly forgetsExpect: boolean;
}

/** A store whose commits and reads take as long as the driver likes. */
export function gatedBackend(store: Backend, { hold, forgetsExpect }: GateOptions): Backend {
  const held = <T>(kind: HeldCall["kind"], carryOut: () => Promise<T>): Promise<T> =>
    new Promise((resolve, fail) => {
      hold({ kind, carryOut, answer: (value) => resolve(value as T), fail });
    });
  return {
    ...store,
    commit: (batch) => {
      const sent = forgetsExpect ? batch.map(({ expect: _forgotten, ...rest }) => rest) : batch;
      return held("commit", () => store.commit(sent));
    },
    readHistory: (runId, after) => held("read", () => store.readHistory(runId, after)),
  };
}
