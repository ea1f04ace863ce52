import { pagesOf } from "../base/pages.js";

const pageSize = 500;

/** At most `wanted` of what a store gives in pages: `read` is told the last one that is known, and how many may follow. */
export async function upTo<T>(wanted: number, read: (last: T | undefined, limit: number) => Promise<readonly T[]>): Promise<{ readonly found: readonly T[]; readonly more: boolean }> {
  const found: T[] = [];
  // One more than wanted tells whether the list goes on.
  for await (const page of pagesOf(Math.min(pageSize, wanted + 1), read)) {
    found.push(...page);
    if (found.length > wanted) break;
  }
  return { found: found.slice(0, wanted), more: found.length > wanted };
}
