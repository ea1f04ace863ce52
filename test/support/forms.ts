import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { newRunId, newWorkerId, operationIdOf, type RunId, type WorkerId } from "../../src/core/ids.js";
import type { NewRun } from "../../src/core/run.js";
import { workflow } from "../../src/engine/define.js";
import { pauseSchedule } from "../../src/services/change-schedule.js";
import { createSchedule } from "../../src/services/create-schedule.js";
import { bundleText } from "../../src/services/export-runs.js";
import { triggerSchedule } from "../../src/services/trigger-schedule.js";
import type { Backend } from "../../src/storage/backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { TestClock } from "../../src/testing/test-clock.js";
import { newFolder, pyworkflow, type Ended } from "./cli.js";
import { holdLocks } from "./locks.js";
import { fillStore, type FilledStore } from "./filled-store.js";
import { pendingHook } from "./pending-hook.js";

const storyMs = Date.UTC(2025, 0, 15, 11);

const modules = `import { defineHook, sleep, workflow } from "pyworkflow";
import { z } from "zod";

const approval = defineHook("approval", z.object({ approved: z.boolean() }));

export const processOrder = workflow({ name: "process_order", tags: ["shop"] }, async ({ orderId }: { orderId: string }) => {
  await sleep("7d");
  return orderId;
});
export const sendMail = workflow({ name: "send_mail", description: "One mail", input: z.object({ to: z.string() }) }, async ({ to }) => to);
export const ask = workflow("ask", async () => (await approval.wait()).approved);
`;

/** A project whose store has seen a bit of everything in January 2025: what each command shows of it can be written down. */
export class FormsProject {
  readonly #folder = newFolder();
  runs!: Ids;
  #copies = 0;

  get path(): string {
    return this.#folder.path;
  }

  async fill(): Promise<this> {
    mkdirSync(join(this.path, "workflows"));
    writeFileSync(join(this.path, "workflows", "index.ts"), modules);
    writeFileSync(join(this.path, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(this.path, "pyworkflow.config.yaml"), "module: ./workflows\n");
    const backend = await openSqlite({ path: join(this.path, "filled.db") });
    this.runs = await fill(backend);
    await this.writeBundle(backend);
    await backend.close();
    return this;
  }

  private async writeBundle(backend: Backend): Promise<void> {
    const runs = await Promise.all([this.runs.completed, this.runs.failed].map((id) => backend.getRun(id)));
    await writeFile(join(this.path, "bundle.json"), bundleText({ backend }, runs.filter((run) => run !== undefined), { version: "0.1.0", onProgress: () => undefined }));
  }

  remove(): void {
    this.#folder.remove();
  }

  /** The command on a store of its own, which is as all others were at the start, with two workers that live; `{n}` in an argument becomes the store's number. */
  async call(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const number = `${++this.#copies}`;
    const store = join(this.path, `store-${number}.db`);
    copyFileSync(join(this.path, "filled.db"), store);
    const release = holdLocks(store, this.runs.livingWorker, this.runs.workerId);
    const ended = await this.callOn(store, args.map((arg) => arg.replace("{n}", number)), env);
    release();
    return ended;
  }

  /** The command where there is no store yet. */
  async callOnNothing(args: readonly string[]): Promise<Ended> {
    return this.callOn(join(this.path, "nothing", `store-${++this.#copies}.db`), args, {});
  }

  private callOn(store: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
    return pyworkflow(args, { cwd: this.path, env: { TZ: "UTC", PYWORKFLOW_STORAGE_PATH: store, SHELL: "/bin/bash", ...env } });
  }

  /** The text without what differs from one time to the next: ids are numbered in the order in which they come, times of today and the folder are marks. */
  steady(text: string): string {
    const names = new Map<string, string>();
    const name = (id: string, kind: string): string => {
      const known = names.get(id) ?? `${kind}_${[...names.keys()].filter((each) => each.startsWith(`${kind}_`)).length + 1}`;
      names.set(id, known);
      return known;
    };
    return text
      .replaceAll(/\b(run|worker|schedule|event)_[0-9a-hjkmnp-tv-z]{26}/g, (id, kind: string) => name(id, kind))
      .replaceAll(/"traceback":"(?:[^"\\]|\\.)*"/g, '"traceback":"<stack>"')
      .replaceAll(/(?:\\+n {4}at [^\\]+)+/g, "<stack>")
      .replaceAll(/\b\d+(?:\.\d+)? [KMG]i?B\b/g, "<size>")
      .replaceAll("npx pyworkflow", "pyworkflow")
      .replaceAll(this.path, "<folder>")
      .replaceAll(/\b(store|new)-\d+\b/g, "$1")
      .replaceAll(/\b(?!2025-01-|2199-|2030-)20\d\d-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?/g, "<time>")
      .replaceAll(/\b\d+d(?: \d+h)?(?=[\n\t)]|$)/g, "<days>")
      .replaceAll(/v?\d+\.\d+\.\d+(?=[\s"]|$)/g, "<version>")
      .replaceAll(/\bpyworkflow\/\S+ \S+ node-\S+/g, "<version>");
  }
}

export interface Ids extends FilledStore {
  /** The newest: it waits for a hook. */
  readonly asking: RunId;
  readonly token: string;
  readonly parent: RunId;
  readonly livingWorker: WorkerId;
}

async function fill(backend: Backend): Promise<Ids> {
  const runs = await fillStore(backend);
  await withChild(backend, runs.suspended);
  const clock = new TestClock(storyMs);
  const project = { backend, clock, config: { recovery: { recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 } } };
  const nightly = workflow("send_mail", async () => "done");
  await createSchedule(project, { workflow: nightly, options: { at: "2199-01-01T03:00:00Z" }, input: encode({ to: "a@b.example" }), scheduleId: "nightly" });
  await triggerSchedule(project, "nightly", {});
  await createSchedule(project, { workflow: nightly, options: { cron: "0 9 * * mon-fri", timezone: "Europe/Berlin" }, input: encode({ to: "a@b.example" }), scheduleId: "resting" });
  await pauseSchedule(project, "resting");
  const { runId: asking, token } = await pendingHook(backend, { at: storyMs + 60_000, workflowName: "ask", schema: { type: "object", properties: { approved: { type: "boolean" } }, required: ["approved"] } });
  const livingWorker = newWorkerId(storyMs, randomBytes);
  await backend.registerWorker({ workerId: livingWorker, role: "worker", hostname: "elsewhere", pid: 7, version: "v1", concurrency: 10, workflows: ["process_order", "send_mail", "ask"], startedAt: storyMs });
  for (const id of [runs.workerId, livingWorker]) await backend.beat(id, systemClock.now() + 3_600_000); // alive as long as the tests take
  return { ...runs, asking, token, parent: runs.suspended, livingWorker };
}

async function withChild(backend: Backend, parent: RunId): Promise<void> {
  const createdAt = storyMs - 60_000;
  const child: NewRun = {
    runId: newRunId(createdAt, randomBytes),
    workflowName: "send_mail",
    durable: true,
    input: encode({ to: "a@b.example" }),
    createdAt,
    tags: [],
    recoverOnWorkerLoss: true,
    maxRecoveryAttempts: 3,
    nestingDepth: 1,
    parent: { runId: parent, operationId: operationIdOf("child_send_mail", 1), parentClose: "abandon" },
  };
  await backend.createRun(child);
}
