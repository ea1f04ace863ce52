import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe } from "vitest";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { storageContract } from "./contract/all.js";

describe("sqlite", () => {
  storageContract(async () => {
    const folder = mkdtempSync(join(tmpdir(), "pyworkflow-sqlite-"));
    const path = join(folder, "store.db");
    const backend = await openSqlite({ path });
    const other = await openSqlite({ path });
    const destroy = async () => {
      await backend.close();
      await other.close();
      rmSync(folder, { recursive: true });
    };
    return { backend, other, destroy };
  });
});
