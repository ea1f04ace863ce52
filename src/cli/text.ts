import { stripVTControlCharacters } from "node:util";

export { counted, plural } from "../base/plural.js";
export { shorten } from "../base/shorten.js";

/** Without line ends, tabs and the control characters by which a value could steer the terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}

/** Lines of at most so many columns: broken between words, and through a word that is wider. The text may be coloured. */
export function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/ *[^ ]+/g) ?? []) {
    if (line !== "" && columnsOf(line + word) > room) {
      lines.push(line);
      line = word.trimStart();
    } else line += word;
    // A colour is not cut through.
    for (; line.length > room && columnsOf(line) === line.length; line = line.slice(room)) lines.push(line.slice(0, room));
  }
  return [...lines, line];
}

function columnsOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
