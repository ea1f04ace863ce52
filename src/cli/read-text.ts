import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { UsageError } from "./usage-error.js";

const replacement = "\uFFFD";

/** The text of a file, without a byte order mark; `place` is how the command line names it. Throws UsageError. */
export async function textOfFile(path: string, place: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UsageError(`${place} can't be read: ${error instanceof Error ? error.message : String(error)}`, "name a file that can be read");
  }
  return utf8(bytes, place);
}

/** All that comes on stdin, without a byte order mark. Throws UsageError. */
export async function textOfStdin(place: string): Promise<string> {
  // As a stream: what comes late can't be read as a file.
  return utf8(await buffer(process.stdin), place);
}

/** Refuses a word of the command line in which Node has replaced what was no UTF-8: the value would be stored damaged. Throws UsageError. */
export function demandUndamaged(text: string, place: string): void {
  if (!text.includes(replacement)) return;
  throw new UsageError(`${place} is not UTF-8, or has the character U+FFFD, which stands for what is not`, String.raw`set a UTF-8 locale, or give the value in a file; as JSON that character is "\ufffd"`);
}

// A decoder that replaces would change the value without a word.
function utf8(bytes: Buffer, place: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const at = damagedAt(bytes);
    const from = at === 0 && (bytes[1] === 0xfe || bytes[1] === 0xff) ? "UTF-16" : "LATIN1";
    throw new UsageError(`${place} is not UTF-8: byte ${at} is 0x${bytes.toString("hex", at, at + 1)}`, `save it as UTF-8, for example with iconv -f ${from} -t UTF-8`);
  }
}

/** Where the first byte is that no character of UTF-8 has there. */
function damagedAt(bytes: Buffer): number {
  let at = 0;
  for (const sound of bytes.toString("utf8").split(replacement)) {
    at += Buffer.byteLength(sound);
    const width = Buffer.byteLength(replacement);
    if (bytes.toString("hex", at, at + width) !== Buffer.from(replacement).toString("hex")) return at;
    at += width;
  }
  return at;
}
