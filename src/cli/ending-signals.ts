import { PyworkflowError } from "../core/errors.js";

/** A person ended it: Ctrl+C, another signal, or the end of the input instead of an answer. */
export class InterruptedError extends PyworkflowError {
  static override readonly code = "INTERRUPTED";
  constructor(aftermath: string) {
    super("interrupted", aftermath);
  }
}

const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `listener` for each signal that asks a command which runs on and on to end. Returns the way out: then a signal ends the process again. */
export function onEndingSignal(listener: (signal: string) => void): () => void {
  for (const name of endingSignals) process.on(name, listener);
  return () => {
    for (const name of endingSignals) process.off(name, listener);
  };
}

/** Work that takes back what it has begun where a signal that ends a command aborts it: to the end, whatever is sent meanwhile. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abortion = new AbortController();
  const settled = onEndingSignal(() => abortion.abort(new InterruptedError("what was begun was taken back")));
  try {
    return await work(abortion.signal);
  } finally {
    settled();
  }
}

/**
 * Work that looks on until it is over or somebody has seen enough: by a signal that ends a command, because a reader such as `head` went away, or by a
 * key, for which `watch` aborts. A second signal ends the process.
 */
export async function untilSeenEnough<T>(watch: (away: AbortController) => Promise<T>): Promise<T> {
  const away = new AbortController();
  const abort = (): void => {
    // Not yet: ink ends the process on a signal that nobody else listens for.
    setImmediate(stopListening);
    away.abort();
  };
  const stopListening = onEndingSignal(abort);
  process.stdout.once("error", abort);
  try {
    return await watch(away);
  } finally {
    stopListening();
    process.stdout.off("error", abort);
  }
}
