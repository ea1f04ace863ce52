import type * as Fs from "node:fs";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { planRestore, carryOutRestore, type RestoreRow } from "../../src/main/restore-store.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import type { RunId } from "../../src/core/ids.js";
import { run } from "../storage/contract/support.js";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { violations } from "../support/json-schema.js";
import { TestProject, until } from "../support/project.js";

// Which of the calls that change a folder fails, as where the process or the machine ends there; counted down.
let callsLeft = Infinity;
/** What happens in the place of making a link. */
let insteadOfLink: (() => void) | undefined;
vi.mock("node:fs", async (original) => {
  const fs = await original<typeof Fs>();
  const mortal = <A extends readonly unknown[], R>(change: (...args: A) => R) => (...args: A): R => {
    if (callsLeft-- <= 0) throw new Error("the process ends here");
    return change(...args);
  };
  return { ...fs, linkSync: mortal((from: string, to: string) => {
      if (insteadOfLink) insteadOfLink();
      else fs.linkSync(from, to);
    }), renameSync: mortal(fs.renameSync), chmodSync: mortal(fs.chmodSync) };
});

let folder: ReturnType<typeof newFolder>;
let store: string;
let backup: string;
const [old, young] = [run(), run()];
beforeEach(async () => {
  folder = newFolder();
  store = join(folder.path, "store.db");
  backup = join(folder.path, "backup.db");
  const backend = await openSqlite({ path: store, durability: "normal" });
  await backend.createRun(old);
  await backend.backup({ path: backup });
  await backend.createRun(young);
  await backend.close();
});
afterEach(() => {
  callsLeft = Infinity;
  insteadOfLink = undefined;
  folder.remove();
});

const call = (...args: readonly string[]): Promise<Ended> => pyworkflow(["--storage-path", store, "storage", "restore", ...args], { cwd: folder.path });
const whereabouts = () => ({ flags: { storagePath: store }, cwd: folder.path, env: {}, loadScript: async () => undefined });

async function restore(): Promise<RestoreRow> {
  return carryOutRestore(await planRestore(whereabouts(), backup), {});
}

/** The runs of a store in which nothing is wrong, the oldest first. */
async function runsOf(path: string): Promise<readonly RunId[]> {
  const backend = await openSqlite({ path, durability: "normal" });
  expect(await backend.findFaults()).toEqual([]);
  const runs = await backend.listRuns({ limit: 10 });
  await backend.close();
  return runs.map(({ runId }) => runId).toReversed();
}

/** What a worker that is killed leaves: commits in the log alone, which a new file under the name would get. */
async function crashed(): Promise<void> {
  const copy = join(folder.path, "live.db");
  const backend = await openSqlite({ path: store, durability: "normal" });
  await backend.createRun(run());
  for (const end of ["", "-wal"]) copyFileSync(`${store}${end}`, `${copy}${end}`);
  await backend.close();
  for (const end of ["", "-wal"]) copyFileSync(`${copy}${end}`, `${store}${end}`);
  expect(statSync(`${store}-wal`).size).toBeGreaterThan(0);
}

test("a backup takes the place of a store that crashed, which is kept with what its log held", async () => {
  await crashed();
  chmodSync(store, 0o640);
  const dry = await call(backup, "--dry-run", "-o", "json");
  expect(violations("storage-restore.json", JSON.parse(dry.stdout))).toEqual([]);
  expect(JSON.parse(dry.stdout)).toMatchObject({ path: store, backup, runs: 1, put_aside: null, dry_run: true });
  const mute = await call(backup);
  expect(mute).toMatchObject({ code: 2, stderr: expect.stringContaining("--yes restores it, --dry-run checks it") as string });

  const ended = await call("backup.db", "--yes", "-o", "json");
  expect(ended.code).toBe(0);
  const row = JSON.parse(ended.stdout) as { readonly put_aside: string };
  expect(violations("storage-restore.json", row)).toEqual([]);
  expect(await runsOf(store)).toEqual([old.runId]);
  expect(await runsOf(row.put_aside)).toHaveLength(3);
  expect(await runsOf(backup)).toEqual([old.runId]);
  expect(statSync(store).mode & 0o777).toBe(0o640);
});

test("where there is no store it comes to be, and a log without its file is put aside", async () => {
  rmSync(store);
  writeFileSync(`${store}-wal`, "of another life");
  expect(await restore()).toMatchObject({ put_aside: null, dry_run: false });
  expect(await runsOf(store)).toEqual([old.runId]);
  const log = readdirSync(folder.path).find((name) => /^store\.db\.before-restore-\d{8}T\d{9}Z-wal$/.test(name));
  expect(readFileSync(join(folder.path, log ?? ""), "utf8")).toBe("of another life");
});

test("a store that is damaged is put aside as it is, with its log", async () => {
  await crashed();
  writeFileSync(store, Buffer.alloc(8192, "x"));
  const { put_aside: aside } = await restore();
  expect(await runsOf(store)).toEqual([old.runId]);
  expect([readFileSync(aside ?? "", "utf8").slice(0, 3), existsSync(`${aside}-wal`)]).toEqual(["xxx", true]);
});

test("a link to a store stays one", async () => {
  const link = join(folder.path, "link.db");
  symlinkSync(store, link);
  await carryOutRestore(await planRestore({ ...whereabouts(), flags: { storagePath: link } }, backup), {});
  expect([await runsOf(store), await runsOf(link)]).toEqual([[old.runId], [old.runId]]);
});

test("what can't be restored is refused, and changes nothing", async () => {
  const damaged = join(folder.path, "damaged.db");
  copyFileSync(backup, damaged);
  truncateSync(damaged, 40_960);
  writeFileSync(join(folder.path, "empty.db"), "");
  writeFileSync(join(folder.path, "text.db"), "no database, but long enough to be looked at as one".repeat(20));
  const plan = (name: string) => planRestore(whereabouts(), join(folder.path, name));
  await expect(plan("damaged.db")).rejects.toMatchObject({ code: "STORAGE" });
  await expect(plan("empty.db")).rejects.toMatchObject({ message: expect.stringContaining("has nothing in it") as string });
  await expect(plan("text.db")).rejects.toMatchObject({ message: expect.stringContaining("is not a SQLite database") as string });
  await expect(plan("store.db")).rejects.toMatchObject({ message: expect.stringContaining("is the store itself") as string });
  expect(await call("nowhere.db", "--yes")).toMatchObject({ code: 4, stderr: expect.stringContaining("name a file that storage backup wrote") as string });
  await expect(planRestore({ ...whereabouts(), flags: { storage: "memory" } }, backup)).rejects.toMatchObject({ code: "CONFIG" });
  expect(await runsOf(store)).toEqual([old.runId, young.runId]);
});

test("whoever has the store open keeps it, though only to read", async () => {
  const reader = await openSqlite({ path: store, readOnly: true });
  await reader.listRuns({ limit: 1 });
  await expect(restore()).rejects.toMatchObject({ kind: "busy", message: expect.stringContaining("another process has it open") as string });
  expect(await reader.listRuns({ limit: 5 })).toHaveLength(2);
  await reader.close();
});

test("ended at any point, the store is the old one or the new one, whole", async () => {
  const seen: string[] = [];
  for (let calls = 0; !seen.includes("new"); calls++) {
    const plan = await planRestore(whereabouts(), backup);
    callsLeft = calls;
    const ended = await carryOutRestore(plan, {}).then(() => "new", () => "old");
    callsLeft = Infinity;
    expect(await runsOf(store)).toEqual(ended === "new" ? [old.runId] : [old.runId, young.runId]);
    expect(readdirSync(folder.path).filter((name) => name.includes(".part"))).toEqual([]);
    seen.push(ended);
  }
  expect(seen).toEqual(["old", "old", "old", "new"]); // mode, second name, new file
});

test("living workers are named; the backup's own workers are dead, and their runs go on", async () => {
  const project = new TestProject();
  try {
    const worker = await project.runWorkers("-n", "1").ready();
    const runId = await project.startRun("holding", "a");
    await project.pidOf("a second");
    const here = { flags: {}, cwd: project.path, env: {}, loadScript: async () => undefined };
    const copy = join(project.path, "copy.db");
    await project.withStore((backend) => backend.backup({ path: copy }));
    await expect(planRestore(here, copy)).rejects.toMatchObject({ kind: "busy", message: expect.stringMatching(/workers are at work on it \(worker_\w+, worker_\w+\)/) as string });
    worker.killAll();
    await worker.exited;
    const plan = await until("the locks of the dead", () => planRestore(here, copy).catch(() => undefined));
    await carryOutRestore(plan, {});
    await project.runWorkers("-n", "1").ready();
    project.touch("go");
    expect(await project.ended(runId)).toMatchObject({ status: "completed" });
    expect(await project.eventTypes(runId)).toContain("workflow.interrupted");
    expect(project.effects().filter(({ what }) => what === "a second")).toHaveLength(2); // what was done after the backup is done again
  } finally {
    await project.remove();
  }
});

test("on a file system without links what was there is copied aside, by SQLite alone", async () => {
  insteadOfLink = () => {
    throw new Error("no links here");
  };
  const { put_aside: aside } = await carryOutRestore(await planRestore(whereabouts(), backup), {});
  expect([await runsOf(store), aside && (await runsOf(aside))]).toEqual([[old.runId], [old.runId, young.runId]]);
});

test("where no store is, one that is made meanwhile is put aside, or keeps its name", async () => {
  const made = join(folder.path, "made.db");
  copyFileSync(store, made);
  const plan = async () => {
    rmSync(store);
    return planRestore(whereabouts(), backup);
  };
  const { put_aside: aside } = await carryOutRestore(await plan(), { onProgress: () => copyFileSync(made, store) });
  expect(aside && (await runsOf(aside))).toEqual(await runsOf(made));

  insteadOfLink = () => {
    copyFileSync(made, store);
    throw new Error("it is there by now");
  };
  await expect(carryOutRestore(await plan(), {})).rejects.toMatchObject({ code: "STORAGE", message: expect.stringContaining("another process has it open") });
  expect(await runsOf(store)).toEqual(await runsOf(made));
});
