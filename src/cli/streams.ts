const { stdout, stderr } = process;
// Saved before any code of the user runs in this process.
const toStdout = stdout.write.bind(stdout);
const toStderr = stderr.write.bind(stderr);

/** Data goes to stdout, also after {@link reserveStdout}. */
export function writeData(text: string): void {
  toStdout(text);
}

/** From here on whatever else is printed in this process, by console or by stream, goes to stderr: data stays parseable. */
export function reserveStdout(): void {
  stdout.write = toStderr;
}

/** `pyworkflow runs list | head -1`: the reader has what it wanted, the rest is nobody's. */
export function endQuietlyWithoutReader(): void {
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

/** Resolves when both streams have taken all that was written, or have no reader any more: an exit before would cut it. */
export async function flushed(): Promise<void> {
  await Promise.all([toStdout, toStderr].map(taken));
}

function taken(write: typeof toStdout): Promise<void> {
  return new Promise((resolve) => {
    write("", undefined, () => resolve());
  });
}
