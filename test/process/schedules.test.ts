import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { checkStore } from "../../src/services/check-store.js";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until, type WorkerCommand } from "../support/project.js";

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
});
afterEach(() => project.remove());

// The long form: PYWORKFLOW_SCHEDULE_SECONDS=60.
const seconds = Number(process.env["PYWORKFLOW_SCHEDULE_SECONDS"] ?? 15);
const killEveryMs = 1500;
// Enough for every tick, so that none is late for lack of a scheduler alone.
const all = "100000";

test("three schedulers and two workers on one file, killed again and again: each second has its tick and its run, once", { timeout: seconds * 1000 + 120_000 }, async () => {
  await command("schedules", "create", "ticking", "--cron", "* * * * * *", "--overlap", "allow_all", "--catchup", "all", "--schedule-id", "every_second");
  const kinds = ["scheduler", "scheduler", "scheduler", "worker", "worker"] as const;
  const crew = kinds.map((kind) => ({ kind, command: start(kind) }));
  await Promise.all(crew.map(({ command: member }) => member.ready()));

  const end = systemClock.monotonic() + seconds * 1000;
  let kills = 0;
  for (; systemClock.monotonic() < end; kills++) {
    await pause(killEveryMs);
    // By turns, so that each of them dies.
    const victim = crew[kills % crew.length];
    if (victim === undefined) continue;
    victim.command.killAll();
    victim.command = start(victim.kind);
  }

  await command("schedules", "pause", "every_second");
  await until("every run to end", async () => ((await command("runs", "list", "--all", "--status", "pending", "--status", "running", "--status", "suspended", "--status", "interrupted")) === "" ? true : undefined), { withinMs: 60_000 });
  const ticks = (JSON.parse(await command("schedules", "ticks", "every_second", "--limit", all, "--output", "json")) as Row[]).toReversed();
  const dues = ticks.map(({ due }) => Date.parse(due));
  expect(kills).toBeGreaterThanOrEqual(seconds / 3);
  expect(dues.length).toBeGreaterThanOrEqual(seconds);
  expect(dues, "ticks without a gap, and none twice").toEqual(dues.map((_, n) => (dues[0] ?? 0) + n * 1000));
  expect(new Set(ticks.map(({ decision }) => decision))).toEqual(new Set(["fired"]));
  expect(new Set(ticks.map(({ run_id }) => run_id)).size, "a run of its own for each").toBe(ticks.length);
  const done = new Set(project.effects().map(({ what }) => what));
  expect([...done].toSorted(), "what each run was told of its time").toEqual(dues.map((due) => `tick ${new Date(due).toISOString()}`));
  expect(await project.withStore((backend) => checkStore({ backend }))).toMatchObject({ runs: ticks.length, findings: [] });
});

/** Of the ledger, as JSON shows it. */
interface Row {
  readonly due: string;
  readonly decision: string;
  readonly run_id: string | null;
}

function start(kind: "scheduler" | "worker"): WorkerCommand {
  return kind === "scheduler" ? project.runScheduler() : project.runWorkers("-n", "1");
}

async function command(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await pyworkflow(args, { cwd: project.path });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}
