import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bareEnvironment, newFolder, pyworkflow } from "../support/cli.js";

interface Report {
  readonly run_id: string;
  readonly kept_steps: readonly string[];
  readonly killed_step: string;
  readonly recovery_ms: number;
  readonly result: { readonly status: string };
  readonly facts: readonly { readonly confirmed: boolean }[];
  readonly log: readonly { readonly type: string; readonly data: { readonly attempt?: number; readonly step_id?: string } }[];
  readonly dir: string;
}

const timeout = 120_000;
let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
});

afterEach(() => folder.remove());

test("an order survives the SIGKILL of the process that takes its payment", { timeout }, async () => {
  const { code, stdout, stderr } = await pyworkflow(["demo", "--keep", "--output", "json"], { cwd: folder.path });
  expect(stderr).toContain("kill -9");
  expect(code).toBe(0);

  const report = JSON.parse(stdout) as Report;
  try {
    expect(report.result.status).toBe("completed");
    expect(report.facts.map(({ confirmed }) => confirmed)).not.toContain(false);
    expect(report.kept_steps).toEqual(["step_validate_order_1"]);
    const attempts = report.log.filter(({ type, data }) => type === "step.started" && data.step_id === report.killed_step);
    expect(attempts.map(({ data }) => data.attempt)).toEqual([1, 2]);

    // The folder is there to look into, with the commands that people use.
    const status = await pyworkflow(["runs", "status", "@last", "-o", "json"], { cwd: report.dir });
    expect(JSON.parse(status.stdout)).toMatchObject({ run_id: report.run_id, status: "completed" });
    expect(readFileSync(join(report.dir, "payments.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
  } finally {
    rmSync(report.dir, { recursive: true, force: true });
  }
});

test("for people: plain lines without a terminal, what was checked, and no folder left", { timeout }, async () => {
  const { code, stdout, stderr } = await pyworkflow(["demo"], { cwd: folder.path });

  expect(code).toBe(0);
  expect(stdout + stderr).not.toContain("\u001B");
  expect(stderr).toMatch(/✔ validate_order .*kept, not executed again/);
  expect(stdout).toMatch(/Recovery: \S+ from SIGKILL/);
  expect(stdout).not.toContain("✖");
  const [, dir = ""] = /^Folder: (\S+) \(removed/m.exec(stdout) ?? [];
  expect(dir).toContain("pyworkflow-demo-");
  expect(existsSync(dir)).toBe(false);
});

test("it fails when what it promises does not happen, and leaves the folder", { timeout }, async () => {
  const { code, stderr } = await demoWhoseSupervisorDies();
  const [, dir = ""] = /project is kept in (\S+);/.exec(stderr) ?? [];
  try {
    expect(code).toBe(1);
    expect(stderr).toContain("it was ended by SIGKILL");
    expect(existsSync(join(dir, "workflows/orders.ts"))).toBe(true);
  } finally {
    if (dir !== "") rmSync(dir, { recursive: true, force: true });
  }
});

test("no place for its folder: nothing is begun", async () => {
  const { code, stderr } = await pyworkflow(["demo"], { cwd: folder.path, env: { TMPDIR: join(folder.path, "nowhere") } });

  expect(code).toBe(1);
  expect(stderr).toContain("nowhere can't be written");
  expect(stderr).not.toContain("bug");
});

async function demoWhoseSupervisorDies(): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [resolve("bin/run.js"), "demo"], { cwd: folder.path, env: bareEnvironment(), stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  let killed = false;
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    const [, pid] = /supervisor (\d+)/.exec(stderr) ?? [];
    if (pid !== undefined && !killed) killed = process.kill(Number(pid), "SIGKILL");
  });
  const code = await new Promise<number | null>((settle) => {
    child.once("close", settle);
  });
  return { code, stderr };
}
