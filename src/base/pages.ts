// All that is given in pages of `size`; `read` is told the last one that is known. Ends behind a page that is not full.
export async function* pagesOf<T>(size: number, read: (last: T | undefined, limit: number) => Promise<readonly T[]>): AsyncGenerator<readonly T[]> {
  for (let last: T | undefined; ; ) {
    const page = await read(last, size);
    if (page.length > 0) yield page;
    if (page.length < size) return;
    last = page.at(-1);
  }
}
