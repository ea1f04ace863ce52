/** What an observer knows of a counter that should move. Times are the observer's own monotonic milliseconds. */
export interface Stillness {
  readonly counter: number;
  readonly lookedAt: number;
  /** How long the counter has stood still while the observer was looking. */
  readonly stillMs: number;
}

export interface Look {
  readonly counter: number;
  readonly at: number;
  /** A longer pause between two looks means that the observer itself was stopped: it has seen nothing, and begins anew. */
  readonly gapMaxMs: number;
}

/** One more look at the counter. Clocks of two processes are never compared. */
export function observe(before: Stillness | undefined, { counter, at, gapMaxMs }: Look): Stillness {
  const watched = before !== undefined && before.counter === counter && at - before.lookedAt <= gapMaxMs;
  return { counter, lookedAt: at, stillMs: watched ? before.stillMs + at - before.lookedAt : 0 };
}
