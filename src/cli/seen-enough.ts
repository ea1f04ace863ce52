/** Hands in a signal that is aborted when somebody has seen enough: by Ctrl+C, or because a reader such as `head` went away. */
export async function untilSeenEnough<T>(watch: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const away = new AbortController();
  const abort = () => away.abort();
  process.once("SIGINT", abort);
  process.stdout.once("error", abort);
  try {
    return await watch(away.signal);
  } finally {
    process.off("SIGINT", abort);
    process.stdout.off("error", abort);
  }
}
