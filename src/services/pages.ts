const pageSize = 500;

/** At most `wanted` of what a store gives in pages: `read` is told the last one that is known, and how many may follow. */
export async function upTo<T>(wanted: number, read: (last: T | undefined, limit: number) => Promise<readonly T[]>): Promise<{ readonly found: readonly T[]; readonly more: boolean }> {
  const found: T[] = [];
  for (;;) {
    // One more than wanted tells whether the list goes on.
    const ask = Math.min(pageSize, wanted + 1 - found.length);
    const page = await read(found.at(-1), ask);
    found.push(...page);
    if (page.length < ask || found.length > wanted) break;
  }
  return { found: found.slice(0, wanted), more: found.length > wanted };
}
