/**
 * The candidate that `word` was most probably meant to be, or undefined where none comes close. Letter case, `-`, `_` and
 * blanks count for nothing; two letters that changed places count as one slip.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const meant = plain(word);
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(meant.length / 3)) + 1;
  for (const candidate of candidates) {
    const known = plain(candidate);
    if (Math.abs(known.length - meant.length) >= fewest) continue;
    const slips = distance(meant, known);
    if (slips < fewest) {
      best = candidate;
      fewest = slips;
    }
  }
  return best;
}

/** What to do about a word that is not known: the one that was probably meant, else what helps to find it. */
export function didYouMean(meant: string | undefined, otherwise: string): string {
  return meant === undefined ? otherwise : `did you mean ${meant}?`;
}

function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_\s]/g, "");
}

// Restricted Damerau-Levenshtein over three rows: insert, delete, replace, or swap two neighbours.
function distance(left: string, right: string): number {
  let before: number[] = [];
  let above = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1];
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current.push(
        Math.min(
          at(above, column) + 1,
          at(current, column - 1) + 1,
          at(above, column - 1) + (same ? 0 : 1),
          row > 1 && swapped ? at(before, column - 2) + 1 : Infinity,
        ),
      );
    }
    [before, above] = [above, current];
  }
  return at(above, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
