import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";

const leftovers: (() => unknown)[] = [];
afterEach(async () => {
  for (const tidy of leftovers.splice(0).toReversed()) await tidy();
});

/** For `describe.each`: the name of a backend, and how to open an empty store of it that is gone after the test. */
export const eachStore: readonly (readonly [name: string, open: () => Promise<Backend>])[] = [
  ["memory", async () => createMemoryBackend()],
  ["sqlite", openTemporary],
];

async function openTemporary(): Promise<Backend> {
  const folder = mkdtempSync(join(tmpdir(), "store-"));
  const store = await openSqlite({ path: join(folder, "store.db"), durability: "normal", clock: systemClock });
  leftovers.push(() => rmSync(folder, { recursive: true, force: true }), () => store.close());
  return store;
}
