import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { StorageError } from "../../src/core/errors.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { findingsOf } from "../../src/core/invariants.js";
import type { Backend, NewWorker, RunCommit } from "../../src/storage/backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { FaultySqlite, type Fault } from "../support/faulty-sqlite.js";
import { claimed, completed, ended, record, request, run, started, worker } from "./contract/support.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "pyworkflow-faults-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const faults: readonly Fault[] = [
  { code: "SQLITE_FULL", when: "before" },
  { code: "SQLITE_IOERR_WRITE", when: "before" },
  { code: "SQLITE_IOERR_WRITE", when: "after" },
  { code: "SQLITE_BUSY", when: "before" },
];

test.for(faults)("$code $when the n-th call, for every n: nothing acknowledged is lost, nothing is written twice", async (fault) => {
  const { calls } = await play({ n: 0, fault });
  expect(calls).toBeGreaterThan(20);
  for (let n = 1; n <= calls; n++) {
    const { failed, errors, types, findings } = await play({ n, fault });
    expect(failed, `call ${n} of ${calls}`).toBeDefined();
    expect(types).toEqual(["workflow.started", "step.started", "step.completed", "workflow.completed"]);
    expect(findings).toEqual([]);
    expect(errors.map(({ outcome }) => outcome)).toEqual(expectedOutcomes(fault, failed));
  }
});

// Busy is waited for inside; of a COMMIT that met an I/O error only reading again can tell what became of it.
function expectedOutcomes(fault: Fault, failed: string | undefined): readonly string[] {
  if (fault.code === "SQLITE_BUSY") return [];
  return [failed === "COMMIT" && fault.code === "SQLITE_IOERR_WRITE" ? "unknown" : "rolled_back"];
}

test("a disk that is really full takes nothing of the batch, and what was there stays", async () => {
  const path = join(folder, "full.db");
  const backend = await openSqlite({ path, wrap: (database) => (database.pragma("max_page_count = 60"), database) });
  const kept = run();
  await backend.createRun(kept);
  const large = run({ input: encode("x".repeat(400_000)) });
  await expect(backend.createRun(large)).rejects.toMatchObject({ code: "STORAGE", kind: "full", outcome: "rolled_back" });
  expect(await backend.getRun(large.runId)).toBeUndefined();
  expect(await backend.createRun(run())).toMatchObject({ created: true });
  expect(await backend.countRuns()).toEqual({ pending: 2 });
  await backend.close();
});

interface Played {
  readonly calls: number;
  readonly failed: string | undefined;
  readonly errors: readonly StorageError[];
  readonly types: readonly string[];
  readonly findings: readonly unknown[];
}

// A life of one run with a careful caller: rolled back is tried again, unknown is read again first.
async function play({ n, fault }: { readonly n: number; readonly fault: Fault }): Promise<Played> {
  const path = join(folder, `${fault.code}-${fault.when}-${n}.db`);
  const faulty = new FaultySqlite();
  const backend = await openSqlite({ path, wrap: faulty.wrap });
  const errors: StorageError[] = [];
  const attempt = (act: () => Promise<unknown>, done: () => Promise<boolean>) => carefully({ act, done, errors });
  const [given, member] = [run(), worker()];
  faulty.arm(n, fault);

  await attempt(() => backend.registerWorker(member), async () => isEntered(backend, member));
  await attempt(() => backend.createRun(given), async () => (await backend.getRun(given.runId)) !== undefined);
  const claim = () => claimed(backend, request(member.workerId));
  await attempt(claim, async () => (await backend.getRun(given.runId))?.workerId === member.workerId);
  const append = async (seen: number, events: readonly WorkflowEvent[]) => {
    const commit: RunCommit = { runId: given.runId, fence: 1, seen, events };
    await attempt(() => backend.commit([commit]), async () => (await backend.readHistory(given.runId, seen)).length > 0);
  };
  await append(1, [started, completed]);
  await append(3, [ended]);
  const { calls, failed } = faulty;
  await backend.close();

  const reader = await openSqlite({ path, readOnly: true });
  const history = await reader.readHistory(given.runId, 0);
  const findings = findingsOf(await record(reader, given.runId), history);
  await reader.close();
  return { calls, failed, errors, types: history.map(({ type }) => type), findings };
}

interface Careful {
  readonly act: () => Promise<unknown>;
  readonly done: () => Promise<boolean>;
  readonly errors: StorageError[];
}

async function carefully({ act, done, errors }: Careful): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    errors.push(error);
    if (error.outcome === "unknown" && (await done())) return;
    await act();
  }
}

async function isEntered(backend: Backend, { workerId }: NewWorker): Promise<boolean> {
  return (await backend.listWorkers()).some((entered) => entered.workerId === workerId);
}
