import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { StorageError } from "../../src/core/errors.js";
import type { WorkflowEvent } from "../../src/core/events/event.js";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import { findingsOf } from "../../src/core/invariants.js";
import type { NewRun } from "../../src/core/run.js";
import type { Backend, NewWorker, RunCommit } from "../../src/storage/backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { FaultySqlite, type Fault } from "../support/faulty-sqlite.js";
import { cancelled, claimed, completed, ended, hookCreated, record, request, run, started, t0, worker } from "./contract/support.js";

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
  const { calls } = await play({ n: 0, fault, live: lifeOfOne });
  expect(calls).toBeGreaterThan(20);
  for (let n = 1; n <= calls; n++) {
    const { failed, errors, histories, findings } = await play({ n, fault, live: lifeOfOne });
    expect(failed, `call ${n} of ${calls}`).toBeDefined();
    expect(histories).toEqual([["workflow.started", "step.started", "step.completed", "workflow.completed"]]);
    expect(findings).toEqual([]);
    expect(errors.map(({ outcome }) => outcome)).toEqual(expectedOutcomes(fault, failed));
  }
});

test.for(faults)("$code $when the n-th call in the life of a family, for every n: all of an end is written, or nothing of it", { timeout: 60_000 }, async (fault) => {
  const { calls } = await play({ n: 0, fault, live: lifeOfFamily });
  expect(calls).toBeGreaterThan(40);
  for (let n = 1; n <= calls; n++) {
    const { failed, errors, histories, findings } = await play({ n, fault, live: lifeOfFamily });
    expect(histories, `call ${n} of ${calls}: ${failed}`).toEqual([
      ["workflow.started", "hook.created", "child_workflow.started", "child_workflow.started", "hook.received", "child_workflow.completed", "workflow.cancelled"],
      ["workflow.started", "workflow.completed"],
      ["workflow.cancelled"],
    ]);
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
  /** The types of the events of each run. */
  readonly histories: readonly (readonly string[])[];
  readonly findings: readonly unknown[];
}

interface Play {
  readonly n: number;
  readonly fault: Fault;
  /** Returns the runs that lived. */
  readonly live: (backend: Backend, attempt: Attempt) => Promise<readonly RunId[]>;
}

/** Acts as a careful caller: what was rolled back is tried again, of what is unknown it is read whether it is done. */
type Attempt = (act: () => Promise<unknown>, done: () => Promise<boolean>) => Promise<void>;

async function play({ n, fault, live }: Play): Promise<Played> {
  const path = join(folder, `${fault.code}-${fault.when}-${n}.db`);
  const faulty = new FaultySqlite();
  // The faults are those of statements: what waits for the disk is not in question, and done once.
  const empty = join(folder, "empty.db");
  if (!existsSync(empty)) await (await openSqlite({ path: empty })).close();
  copyFileSync(empty, path);
  const backend = await openSqlite({ path, durability: "normal", wrap: faulty.wrap });
  const errors: StorageError[] = [];
  faulty.arm(n, fault);
  const runIds = await live(backend, (act, done) => carefully({ act, done, errors }));
  const { calls, failed } = faulty;
  await backend.close();

  const reader = await openSqlite({ path, readOnly: true });
  const checked = await Promise.all(runIds.map(async (runId) => ({ run: await record(reader, runId), history: await reader.readHistory(runId, 0) })));
  await reader.close();
  const findings = checked.flatMap(({ run: given, history }) => [...findingsOf(given, history), ...(given.closing ? [`${given.runId} is closing`] : [])]);
  return { calls, failed, errors, histories: checked.map(({ history }) => history.map(({ type }) => type)), findings };
}

async function lifeOfOne(backend: Backend, attempt: Attempt): Promise<readonly RunId[]> {
  const [given, member] = [run(), worker()];
  const append = appendTo(backend, attempt);
  await attempt(() => backend.registerWorker(member), async () => isEntered(backend, member));
  await attempt(() => backend.createRun(given), async () => (await backend.getRun(given.runId)) !== undefined);
  const claim = () => claimed(backend, request(member.workerId));
  await attempt(claim, async () => (await backend.getRun(given.runId))?.workerId === member.workerId);
  await append({ runId: given.runId, fence: 1, seen: 1, events: [started, completed] });
  await append({ runId: given.runId, fence: 1, seen: 3, events: [ended] });
  return [given.runId];
}

// A parent with a hook and two children: one ends before it, the other is closed after somebody ended it by force.
async function lifeOfFamily(backend: Backend, attempt: Attempt): Promise<readonly RunId[]> {
  const [parent, member] = [run(), worker()];
  const append = appendTo(backend, attempt);
  const hookId = operationIdOf("hook_approval", 1);
  const children = [1, 2].map((n) => run({ nestingDepth: 1, parent: { runId: parent.runId, operationId: operationIdOf("child_order", n), parentClose: "terminate" } }));
  const [first = parent, second = parent] = children;
  const claim = (runId: RunId) => attempt(() => claimed(backend, request(member.workerId, { runId })), async () => (await backend.getRun(runId))?.workerId === member.workerId);
  await attempt(() => backend.registerWorker(member), async () => isEntered(backend, member));
  await attempt(() => backend.createRun(parent), async () => (await backend.getRun(parent.runId)) !== undefined);
  await claim(parent.runId);
  await append({ runId: parent.runId, fence: 1, seen: 1, events: [hookCreated(hookId), ...children.map(childStarted)], create: children });
  await append({ runId: parent.runId, seen: 4, events: [{ type: "hook.received", at: t0 + 20, operationId: hookId, value: encode("x".repeat(5000)) }] });
  await claim(first.runId);
  await append({ runId: first.runId, fence: 1, seen: 1, events: [ended] });
  await append({ runId: parent.runId, seen: 6, events: [cancelled] });
  await attempt(() => backend.closeChildren(10, t0 + 60), async () => (await backend.getRun(parent.runId))?.closing === undefined);
  return [parent, first, second].map(({ runId }) => runId);
}

function childStarted({ runId: childRunId, workflowName, parent }: NewRun): WorkflowEvent {
  const { operationId, parentClose } = parent ?? raise();
  return { type: "child_workflow.started", at: t0 + 10, operationId, childRunId, workflowName, parentClose, waits: true, after: 1, value: encode(null) };
}

function raise(): never {
  throw new Error("a child has a parent");
}

function appendTo(backend: Backend, attempt: Attempt): (member: RunCommit) => Promise<void> {
  return (member) => attempt(() => backend.commit([member]), async () => (await backend.readHistory(member.runId, member.seen)).length > 0);
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
