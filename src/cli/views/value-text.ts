import { formatBytes } from "../../base/bytes.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { shorten } from "../text.js";

const linesMax = 6;

/** A value as JSON. Where a person looks, a few lines of a long one and its size: a program reads all of it. */
export function valueText(value: unknown, { terminal, width }: Screen): string {
  const text = toJson(value);
  if (!terminal || text.length <= linesMax * width) return text;
  return `${shorten(text, linesMax * width)} (${formatBytes(Buffer.byteLength(text))} in all: -o json shows them)`;
}
