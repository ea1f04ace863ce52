import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { systemClock } from "../../dist/base/clock.js";
import { encode } from "../../dist/base/codec.js";
import { declaredScheduleId } from "../../dist/core/ids.js";
import { definitionOf } from "../../dist/core/schedule/definition.js";
import { newSchedule } from "../../dist/core/schedule/due.js";
import { openSqlite } from "../../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, interleaved, percentile, until } from "../harness.js";
import { bin, openProject, startWorkers } from "../project.js";
import { atMost, ms } from "../report.js";
import { oneStep } from "../workflows.js";

const few = 10;

/** What schedules cost that are not due, and how soon one begins its run that is. @type {(bench: import("../harness.js").Bench) => Promise<import("../report.js").Figure[]>} */
export async function schedules(bench) {
  const many = bench.quick ? 1000 : 10_000;
  const [crowded, empty] = [freshFile(bench, "runs.db"), freshFile(bench, "runs.db")];
  await enterSchedules(crowded, many);
  await enterSchedules(empty, few);
  const among = `among ${many.toLocaleString("en")} schedules`;
  return [await idleFigure(bench, { crowded, empty, among }), ...(await delayFigures(bench, { crowded, among }))];
}

/**
 * @param {import("../harness.js").Bench} bench
 * @param {{ readonly crowded: string, readonly empty: string, readonly among: string }} stores
 * @returns {Promise<import("../report.js").Figure>}
 */
async function idleFigure({ quick }, { crowded, empty, among }) {
  const forMs = quick ? 3000 : 5000;
  const { measured, reference, ratio } = await interleaved(quick ? 1 : 3, async () => ({ measured: await idleShare(crowded, forMs), reference: await idleShare(empty, forMs) }));
  return { what: `CPU of an idle scheduler run ${among}`, measured: share(measured), reference: `${share(reference)} among ${few}`, ratio, ...atMost(0.01, measured, share) };
}

/** @type {(value: number) => string} */
const share = (value) => `${(value * 100).toFixed(2)} %`;

/**
 * @param {import("../harness.js").Bench} bench
 * @param {{ readonly crowded: string, readonly among: string }} stores
 * @returns {Promise<import("../report.js").Figure[]>}
 */
async function delayFigures({ quick }, { crowded, among }) {
  const project = await openProject(crowded);
  const workers = await startWorkers(project, 1);
  const scheduleId = await enterSchedule(project.backend, "every_second", { interval: "1s" });
  const count = quick ? 5 : 40;
  const warmUp = 3;
  const runs = await until(`${count} runs`, async () => {
    const ended = await project.backend.listRuns({ scheduleId, statuses: ["completed"], limit: count + warmUp });
    return ended.length === count + warmUp ? ended.slice(0, count) : undefined;
  });
  await workers.stop();
  await project.backend.close();
  const delaysMs = runs.map(({ startedAt = Infinity, scheduledTime = -Infinity }) => startedAt - scheduledTime);
  return [50, 100].map((percentage) => {
    const measured = percentile(delaysMs, percentage);
    const which = percentage === 100 ? `worst of ${count}` : `p${percentage}`;
    return { what: `due time → its run begins in a worker, ${among}, ${which}`, measured: ms(measured), reference: "1000 ms, the interval", ratio: measured / 1000, ...atMost(100, measured, ms) };
  });
}

/**
 * Schedules that are due in a year at the earliest.
 * @param {string} path
 * @param {number} count
 */
async function enterSchedules(path, count) {
  const backend = await openSqlite({ path, durability: "normal" });
  const startAt = new Date(systemClock.now() + 365 * 86_400_000);
  for (let n = 0; n < count; n++) await enterSchedule(backend, `far_${n}`, { cron: `${n % 60} ${n % 24} * * *`, startAt });
  await backend.close();
}

/**
 * @param {import("../store.js").Backend} backend
 * @param {string} name
 * @param {import("../../dist/core/schedule/options.js").ScheduleOptions} options
 */
async function enterSchedule(backend, name, options) {
  const scheduleId = declaredScheduleId(name);
  const createdAt = systemClock.now();
  const settings = { workflowName: oneStep.name, durable: true, tags: [], recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 };
  const schedule = { ...definitionOf(options, { settings, input: encode(undefined), createdAt }), scheduleId, createdAt };
  await backend.createSchedule(newSchedule(schedule));
  return scheduleId;
}

/**
 * The share of one core that a scheduler takes that has nothing to do.
 * @param {string} path
 * @param {number} forMs
 */
async function idleShare(path, forMs) {
  const { folder, backend } = await openProject(path);
  await backend.close();
  const child = spawn(process.execPath, [bin, "scheduler", "run", "--quiet"], { cwd: folder, stdio: "ignore" });
  const exited = once(child, "exit");
  await pause(2000); // its start is another matter
  const [before, startedAt] = [cpuMs(child.pid), performance.now()];
  await pause(forMs);
  // The kernel may have left out nearly one of its units.
  const taken = (cpuMs(child.pid) - before + cpuUnitMs) / (performance.now() - startedAt);
  child.kill("SIGTERM");
  await exited;
  return taken;
}

const cpuUnitMs = 10; // the kernel counts in hundredths of a second

/** @param {number | undefined} pid */
function cpuMs(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) throw new Error(`the CPU time of process ${pid} is read from ${file}, which isn't there`);
  const fields = readFileSync(file, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * cpuUnitMs;
}
