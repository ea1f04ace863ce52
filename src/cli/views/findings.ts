import type { Finding } from "../../services/doctor-finding.js";
import type { Screen } from "../screen.js";
import { oneLine, wrap } from "../text.js";

const signs = { ok: "✓", warning: "!", failure: "✗" } as const;
const indent = 12;

/** A sign, what was looked at, what was found, and the fix below it; in a pipe one finding a line, between tabs. */
export function findingLines(findings: readonly Finding[], { terminal, paint, width }: Screen): string {
  if (!terminal) return findings.map(({ check, status, message, fix }) => [status, check, oneLine(message), ...(fix === null ? [] : [oneLine(fix)])].join("\t")).join("\n");
  const colours = { ok: paint.green, warning: paint.yellow, failure: paint.red };
  return findings
    .flatMap(({ check, status, message, fix }) => {
      const [first = "", ...rest] = wrap(oneLine(message), width - indent);
      const below = [...rest, ...(fix === null ? [] : wrap(`→ ${oneLine(fix)}`, width - indent).map((line) => paint.dim(line)))];
      return [`${colours[status](signs[status])} ${check.padEnd(indent - 2)}${first}`, ...below.map((line) => `${" ".repeat(indent)}${line}`)];
    })
    .join("\n");
}
