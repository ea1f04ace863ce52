const { stdout, stderr } = process;
// Saved before any code of the user runs in this process.
const write = stdout.write.bind(stdout);

/** Data goes to stdout, also after {@link reserveStdout}. */
export function writeData(text: string): void {
  write(text);
}

/** From here on whatever else is printed in this process, by console or by stream, goes to stderr: data stays parseable. */
export function reserveStdout(): void {
  stdout.write = stderr.write.bind(stderr);
}

/** `pyworkflow runs list | head -1`: the reader has what it wanted, the rest is nobody's. */
export function endQuietlyWithoutReader(): void {
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}

/** Resolves when both streams have handed over all that was written: an exit before would cut it. */
export async function flushed(): Promise<void> {
  await Promise.all([stdout, stderr].map((stream) => new Promise<void>((resolve) => {
    if (stream.destroyed || stream.writableLength === 0) resolve();
    else stream.once("drain", resolve).once("close", resolve);
  })));
}
