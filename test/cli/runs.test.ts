import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { bareEnvironment, ended, newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { fillStore, type FilledStore } from "../support/filled-store.js";
import { holdLocks } from "../support/locks.js";

const folder = newFolder();
const cwd = folder.path;
let runs: FilledStore;
let release: () => void;

beforeAll(async () => {
  const path = join(cwd, "pyworkflow_data", "pyworkflow.db");
  const backend = await openSqlite({ path });
  runs = await fillStore(backend);
  await backend.beat(runs.workerId, systemClock.now() + 3_600_000); // alive as long as the tests take
  await backend.close();
  release = holdLocks(path, runs.workerId);
});

afterAll(() => {
  release();
  folder.remove();
});

// Times are shown in the zone of the machine: the tests say which.
const run = (...args: string[]): Promise<Ended> => pyworkflow(args, { cwd, env: { TZ: "America/New_York" } });

describe("runs list", () => {
  test("a pipe gets one run a line, newest first, in full and without colour", async () => {
    const { code, stdout, stderr } = await run("runs", "list");
    expect(code).toBe(0);
    expect(stderr).toBe("");
    const rows = stdout.split("\n").map((line) => line.split("\t"));
    expect(rows.map(([id]) => id)).toEqual([runs.pending, runs.cancelled, runs.parked, runs.suspended, runs.failed, runs.completed, ""]);
    expect(rows.at(-2)).toEqual([runs.completed, "process_order", "completed", "0/3", "2025-01-15 05:30:00", "2.5s"]);
  });

  test("json is the list itself, under the names of the contract", async () => {
    const { stdout } = await run("runs", "list", "--output", "json", "--tag", "eu");
    expect(JSON.parse(stdout)).toEqual([
      {
        run_id: runs.completed,
        workflow_name: "process_order",
        status: "completed",
        created_at: "2025-01-15T10:30:00.000Z",
        started_at: "2025-01-15T10:30:00.000Z",
        completed_at: "2025-01-15T10:30:02.500Z",
        duration: 2.5,
        recovery_attempts: 0,
        wake_at: null,
        tags: ["eu"],
      },
    ]);
  });

  test("jsonl is one run a line, also with --verbose; plain is ids", async () => {
    const jsonl = await run("-o", "jsonl", "--verbose", "runs", "list");
    const rows = jsonl.stdout.trimEnd().split("\n").map((line) => JSON.parse(line) as { run_id: string });
    expect(rows).toHaveLength(6);
    expect(jsonl.stderr).toContain("store: ");
    const plain = await run("runs", "list", "-o", "plain");
    expect(plain.stdout).toBe(rows.map(({ run_id }) => `${run_id}\n`).join(""));
  });

  test("filters narrow the list together", async () => {
    const statuses = await run("runs", "list", "-o", "plain", "--status", "failed", "--status", "suspended");
    expect(statuses.stdout).toBe(`${runs.suspended}\n${runs.failed}\n`);
    const period = await run("runs", "list", "-o", "plain", "--since", "2025-01-15T10:31:00Z", "--until", "2025-01-15 05:33", "--workflow", "process_order");
    expect(period.stdout).toBe(`${runs.suspended}\n${runs.failed}\n`);
    const query = await run("runs", "list", "-o", "plain", "--query", "order-1");
    expect(query.stdout).toBe(`${runs.completed}\n`);
    const interrupted = await run("runs", "list", "-o", "plain", "--interrupted");
    expect(interrupted.stdout.split("\n")).toContain(runs.parked);
    expect(interrupted.stdout).not.toContain(runs.completed);
    expect((await run("runs", "list", "--interrupted", "--since", "1h")).stdout).toBe("");
    const recent = await run("runs", "list", "--since", "1h");
    expect(recent).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("a cut is said on stderr, and the cursor goes on behind it", async () => {
    const first = await run("runs", "list", "-o", "plain", "--limit", "4");
    expect(first.stdout.trimEnd().split("\n")).toHaveLength(4);
    expect(first.stderr).toContain(`--cursor ${runs.suspended}`);
    const second = await run("runs", "list", "-o", "plain", "--limit", "4", "--cursor", runs.suspended);
    expect(second).toEqual({ code: 0, stdout: `${runs.failed}\n${runs.completed}\n`, stderr: "" });
    const quiet = await run("runs", "list", "--limit", "1", "--quiet");
    expect(quiet.stderr).toBe("");
    const all = await run("runs", "list", "--limit", "1", "--all", "-o", "plain");
    expect(all.stdout.trimEnd().split("\n")).toHaveLength(6);
  });

  test("an empty list is [] and nothing else; no store is made by looking", async () => {
    const path = join(cwd, "nowhere", "runs.db");
    const json = await run("runs", "list", "-o", "json", "--storage-path", path);
    expect(json).toEqual({ code: 0, stdout: "[]\n", stderr: `{"note":"There is no store at ${path} yet: the first run or schedule makes it."}\n` });
    for (const output of ["table", "jsonl", "plain"]) {
      const { stdout } = await run("runs", "list", "--output", output, "--storage-path", path);
      expect(stdout).toBe("");
    }
    expect(existsSync(path)).toBe(false);
  });

  test("a command that changes what is there makes no store either", async () => {
    const path = join(cwd, "mistyped", "runs.db");
    for (const words of [["runs", "cancel", "run_x"], ["schedules", "pause", "auto_x"]]) {
      const { code, stderr } = await run(...words, "--storage-path", path);
      expect(code).toBe(4);
      expect(stderr).toContain(`There is no store at ${path} yet`);
    }
    expect(existsSync(path)).toBe(false);
  });

  test("a reader that leaves early ends it without a complaint", async () => {
    const child = spawn(process.execPath, [resolve("bin/run.js"), "runs", "list"], { cwd, env: bareEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [complaint, code] = await Promise.all([text(child.stderr), ended(child)]);
    expect({ code, complaint }).toEqual({ code: 0, complaint: "" });
  });
});

describe("runs status", () => {
  test("json has exactly the keys of the contract, with decoded values", async () => {
    const { code, stdout } = await run("runs", "status", runs.completed, "--output", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      run_id: runs.completed,
      workflow_name: "process_order",
      status: "completed",
      created_at: "2025-01-15T10:30:00.000Z",
      started_at: "2025-01-15T10:30:00.000Z",
      completed_at: "2025-01-15T10:30:02.500Z",
      duration: 2.5,
      input: { orderId: "ORD-1" },
      result: { shipped: true, lines: { a: 1 } },
      error: null,
      idempotency_key: "order-1",
      tags: ["eu"],
      metadata: {},
      recovery_attempts: 0,
      max_recovery_attempts: 3,
      recover_on_worker_loss: true,
      parent_run_id: null,
      nesting_depth: 0,
      continued_from_run_id: null,
      continued_to_run_id: null,
      wake_at: null,
      schedule_id: null,
      scheduled_time: null,
      schedule_kind: null,
      worker_id: null,
      last_event: { type: "workflow.completed", timestamp: "2025-01-15T10:30:02.500Z", sequence: 7 },
      event_count: 7,
      parked: null,
      steps: [{ step_id: "step_charge_card_1", name: "charge_card", status: "completed", attempts: 2, duration: 2.25 }],
    });
  });

  test("the card of a failed run says why", async () => {
    const { stdout } = await run("runs", "status", runs.failed);
    const lines = stdout.split("\n");
    expect(lines.slice(0, 6)).toEqual([
      `Run ID: ${runs.failed}`,
      "Workflow: process_order",
      "Status: failed",
      "Started: 2025-01-15 05:31:00",
      "Recovery: 0/3 attempts (recover_on_worker_loss: true)",
      "Last Event: workflow.failed (2025-01-15 05:31:00)",
    ]);
    expect(lines).toContain("Error: RangeError: no stock left");
    expect(stdout).toMatch(/step_ship_order_1 +failed +1 attempt +100ms/);
  });

  test("--utc, and what a run waits for", async () => {
    const suspended = await run("runs", "status", runs.suspended, "--utc");
    expect(suspended.stdout).toContain("Waiting for: its wake time, 2025-01-22 10:32:00Z\n");
    const parked = await run("runs", "status", runs.parked, "-o", "json");
    expect(JSON.parse(parked.stdout)).toMatchObject({
      status: "interrupted",
      parked: { code: "NON_DETERMINISTIC", operation_id: "step_charge_card_1", at: "workflows/orders.ts:12:3" },
      steps: [{ status: "interrupted", duration: null }],
    });
  });

  test("@last and a unique prefix name a run", async () => {
    const last = await run("runs", "status", "@last", "-o", "plain");
    expect(last.stdout).toBe(`${runs.pending}\n`);
    const prefix = await run("runs", "status", runs.failed.slice(0, 14), "-o", "plain");
    expect(prefix.stdout).toBe(`${runs.failed}\n`);
  });

  test("an ambiguous prefix lists the candidates, an unknown id ends with 4", async () => {
    const ambiguous = await run("runs", "status", "run_01jhmr");
    expect(ambiguous.code).toBe(2);
    expect(ambiguous.stderr).toContain(`run_01jhmr fits more than one run: ${runs.pending}, ${runs.cancelled}`);
    const unknown = await run("runs", "status", "run_zzz", "-o", "json");
    expect(unknown.code).toBe(4);
    expect(unknown.stdout).toBe("");
    expect(JSON.parse(unknown.stderr)).toEqual({ error: { code: "RUN_NOT_FOUND", message: expect.stringContaining("run_zzz") as string, hint: expect.stringContaining("runs list") as string } });
  });
});

describe("runs logs", () => {
  test("json shows the events with their data decoded", async () => {
    const { stdout } = await run("runs", "logs", runs.completed, "-o", "json");
    const log = JSON.parse(stdout) as { sequence: number; type: string; data: Record<string, unknown> }[];
    expect(log.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(log[0]).toEqual({
      event_id: `evt_${runs.completed.slice(4)}_1`,
      sequence: 1,
      type: "workflow.started",
      timestamp: "2025-01-15T10:30:00.000Z",
      data: { workflow_name: "process_order", input: { orderId: "ORD-1" }, worker_id: runs.workerId },
    });
    expect(log[1]?.data).toEqual({ step_id: "step_charge_card_1", step_name: "charge_card", args: ["ORD-1", 49.99], attempt: 1 });
    expect(log[2]?.data).toMatchObject({ error: "no answer", error_type: "TypeError", is_retryable: true, attempt: 1 });
    expect(log[3]?.data).toMatchObject({ attempt: 2, resume_at: "2025-01-15T10:30:01.500Z" });
    expect(log[5]?.data).toMatchObject({ result: { paid: "2025-01-15T10:30:00.000Z" } });
  });

  test("plain is sequence and type; --filter takes a dot or an underscore, --type the whole", async () => {
    const dotted = await run("runs", "logs", runs.completed, "-o", "plain", "--filter", "step.completed");
    const underscored = await run("runs", "logs", runs.completed, "-o", "plain", "--filter", "step_completed");
    expect([dotted.stdout, underscored.stdout]).toEqual(["6: step.completed\n", "6: step.completed\n"]);
    const parts = await run("runs", "logs", runs.completed, "-o", "plain", "--filter", "completed");
    expect(parts.stdout).toBe("6: step.completed\n7: workflow.completed\n");
    const whole = await run("runs", "logs", runs.completed, "-o", "plain", "--type", "step_started", "--type", "workflow.started");
    expect(whole.stdout).toBe("1: workflow.started\n2: step.started\n5: step.started\n");
  });

  test("--limit keeps the newest and says so; nothing found is nothing printed", async () => {
    const cut = await run("runs", "logs", runs.completed, "-o", "plain", "--limit", "2");
    expect(cut.stdout).toBe("6: step.completed\n7: workflow.completed\n");
    expect(cut.stderr).toContain("The 2 newest of 7 events");
    const none = await run("runs", "logs", runs.pending);
    expect(none).toEqual({ code: 0, stdout: "", stderr: "" });
    const empty = await run("runs", "logs", runs.pending, "-o", "json");
    expect(empty.stdout).toBe("[]\n");
    const unknown = await run("runs", "logs", "run_zzz");
    expect(unknown.code).toBe(4);
  });
});

describe("runs wait and runs result", () => {
  test("a completed run: 0, with its result", async () => {
    const wait = await run("runs", "wait", runs.completed, "-o", "json");
    expect(wait.code).toBe(0);
    expect(JSON.parse(wait.stdout)).toEqual({ run_id: runs.completed, workflow_name: "process_order", status: "completed", result: { shipped: true, lines: { a: 1 } } });
    const result = await run("runs", "result", runs.completed);
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual({ shipped: true, lines: { a: 1 } });
  });

  test("a failed run: 3, its error on stderr and no stack of the user's code", async () => {
    const wait = await run("runs", "wait", runs.failed, "-o", "json");
    expect(wait.code).toBe(3);
    expect(JSON.parse(wait.stdout)).toMatchObject({ status: "failed", error: { name: "RangeError", code: "NO_STOCK" } });
    expect(JSON.parse(wait.stderr)).toMatchObject({ error: { code: "RUN_FAILED" } });
    const result = await run("runs", "result", runs.failed);
    expect([result.code, result.stdout]).toEqual([3, ""]);
    expect(result.stderr).toContain("failed: no stock");
    expect(result.stderr).not.toContain("    at ");
    const verbose = await run("runs", "result", runs.failed, "-v");
    expect(verbose.stderr).toContain("    at ");
  });

  test("cancelled is 3, parked is 7, no result yet is 5, not in time is 6", async () => {
    const codes = await Promise.all([
      run("runs", "wait", runs.cancelled),
      run("runs", "wait", runs.parked),
      run("runs", "result", runs.suspended),
      run("runs", "wait", runs.suspended, "--timeout", "0.1"),
    ]);
    expect(codes.map(({ code }) => code)).toEqual([3, 7, 5, 6]);
    expect(codes[1]?.stderr).toContain("step_charge_card_1 is recorded, and the code does not ask for it");
  });
});
