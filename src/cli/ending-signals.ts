const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Calls `listener` for each signal that asks a command which runs on and on to end. Returns the way out: then a signal ends the process again. */
export function onEndingSignal(listener: () => void): () => void {
  for (const name of endingSignals) process.on(name, listener);
  return () => {
    for (const name of endingSignals) process.off(name, listener);
  };
}
