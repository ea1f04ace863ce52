import { stripVTControlCharacters } from "node:util";
import { PyworkflowError } from "../core/errors.js";

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
  stdout.write = stderr.write.bind(stderr);
}

/** A line for stderr that is a document of its own where stderr is kept parseable: it is written as it is. */
export function writeAsIs(line: string): void {
  if (isParseable) toStderr(`${line}\n`);
  else stderr.write(`${line}\n`);
}

let isParseable = false;

/** From here on stderr is one JSON document a line: whatever is printed, by code of the user's and by Node too, comes as `{"note": …}`. */
export function keepStderrParseable(): void {
  isParseable = true;
  divert(stderr, (text) => {
    const note = stripVTControlCharacters(text).trimEnd();
    if (note !== "") toStderr(`${JSON.stringify({ note })}\n`);
  });
  if (process.listenerCount("warning") === 0) return; // --no-warnings
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => void stderr.write(`${name}: ${message}`));
}

/** The stream as it was before anything was diverted or reserved: a live view draws on it. */
export function drawingOn(stream: "stdout" | "stderr"): NodeJS.WriteStream {
  const write = stream === "stdout" ? toStdout : toStderr;
  return new Proxy(process[stream], { get: (target, key): unknown => (key === "write" ? write : Reflect.get(target, key)) });
}

/** While a live view is shown, what else is printed in this process comes to `onText`: it would be drawn over. Returns the way out. */
export function divertOutput(onText: (text: string) => void): () => void {
  const ways = [stdout, stderr].map((stream) => divert(stream, onText));
  return () => {
    for (const way of ways) way();
  };
}

function divert(stream: NodeJS.WriteStream, onText: (text: string) => void): () => void {
  const before = Object.getOwnPropertyDescriptor(stream, "write");
  const write = (chunk: Uint8Array | string, ...rest: readonly unknown[]): boolean => {
    onText(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    const written = rest.at(-1);
    if (typeof written === "function") process.nextTick(written);
    return true;
  };
  stream.write = write;
  return () => {
    if (before === undefined) Reflect.deleteProperty(stream, "write");
    else Object.defineProperty(stream, "write", before);
  };
}

/** Data that found no room, on a full disk say: whoever reads what was printed before has a part of it. */
export class OutputCutError extends PyworkflowError {
  static override readonly code = "OUTPUT_CUT";
  constructor(cause: Error) {
    super(`stdout can't be written: ${cause.message}`, "what was printed is cut: make room where it goes, then look with another command whether anything is to be done again", { cause });
  }
}

/** `onCut` hears of data that could not be written. Without a reader that is nothing: `pyworkflow runs list | head -1` has what it wanted, and who closed the terminal too. */
export function watchStreams(onCut: (error: OutputCutError) => void): void {
  stderr.on("error", () => undefined); // there is nowhere to say it
  // Before oclif's own listener, which throws.
  stdout.prependListener("error", (error: NodeJS.ErrnoException) => {
    const isUnread = error.code === "EPIPE" || (error.code === "EIO" && stdout.isTTY);
    if (!isUnread) onCut(new OutputCutError(error));
  });
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

const pouredAtOnce = 65_536;

/** Data that comes in pieces: each goes to stdout when those before it were taken, so that no more of it is held than a reader leaves. */
export async function pourData(pieces: AsyncIterable<string>): Promise<void> {
  let text = "";
  for await (const piece of pieces) {
    text += piece;
    if (text.length < pouredAtOnce) continue;
    await poured(text);
    text = "";
  }
  await poured(text);
}

function poured(text: string): Promise<void> {
  return new Promise((resolve) => {
    toStdout(text, undefined, () => resolve());
  });
}
