import type { Screen } from "../screen.js";

const around = 1;

/** The lines that differ, with one around them: `-` what was, `+` what comes. */
export function lineDiff(before: string, after: string, { paint }: Pick<Screen, "paint">): string {
  const lines = compared(before.trimEnd().split(/\r?\n/), after.trimEnd().split(/\r?\n/));
  const isShown = lines.map((_, index) => lines.slice(Math.max(0, index - around), index + around + 1).some(({ sign }) => sign !== " "));
  const colours = { "-": paint.red, "+": paint.green, " ": paint.dim };
  return lines
    .flatMap(({ sign, text }, index) => {
      if (isShown[index] !== true) return [];
      const gap = index > 0 && isShown[index - 1] !== true && isShown.slice(0, index).includes(true) ? [paint.dim("  …")] : [];
      return [...gap, colours[sign](`${sign} ${text}`.trimEnd())];
    })
    .join("\n");
}

interface Line {
  readonly sign: "-" | "+" | " ";
  readonly text: string;
}

/** By their longest common subsequence; quadratic, for files that people write. */
function compared(old: readonly string[], next: readonly string[]): readonly Line[] {
  const lengths = commonLengths(old, next);
  const lines: Line[] = [];
  let [left, right] = [0, 0];
  while (left < old.length || right < next.length) {
    const sign = signAt({ old, next, lengths }, left, right);
    lines.push({ sign, text: (sign === "+" ? next[right] : old[left]) ?? "" });
    if (sign !== "+") left++;
    if (sign !== "-") right++;
  }
  return lines;
}

interface Comparison {
  readonly old: readonly string[];
  readonly next: readonly string[];
  readonly lengths: readonly (readonly number[])[];
}

function signAt({ old, next, lengths }: Comparison, left: number, right: number): Line["sign"] {
  if (right >= next.length) return "-";
  if (left >= old.length) return "+";
  if (old[left] === next[right]) return " ";
  return (lengths[left + 1]?.[right] ?? 0) >= (lengths[left]?.[right + 1] ?? 0) ? "-" : "+";
}

/** How many lines are common from each pair of places on. */
function commonLengths(old: readonly string[], next: readonly string[]): readonly (readonly number[])[] {
  const lengths = Array.from({ length: old.length + 1 }, () => Array.from({ length: next.length + 1 }, () => 0));
  for (let left = old.length - 1; left >= 0; left--) {
    const [row = [], below = []] = [lengths[left], lengths[left + 1]];
    for (let right = next.length - 1; right >= 0; right--) {
      row[right] = old[left] === next[right] ? (below[right + 1] ?? 0) + 1 : Math.max(below[right] ?? 0, row[right + 1] ?? 0);
    }
  }
  return lengths;
}
