import { onEndingSignal } from "./ending-signals.js";
import { InterruptedError } from "./prompts.js";

/** Work that takes back what it has begun where Ctrl+C, or another signal that ends a command, aborts it. */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abortion = new AbortController();
  const settled = onEndingSignal(() => abortion.abort(new InterruptedError("what was begun was taken back")));
  try {
    return await work(abortion.signal);
  } finally {
    settled();
  }
}
