import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { openSqlite } from "../dist/storage/sqlite/sqlite-backend.js";
import { freshFile, until } from "./harness.js";

export const bin = fileURLToPath(new URL("../bin/run.js", import.meta.url));
const modules = fileURLToPath(new URL("workflows.js", import.meta.url));

/**
 * A store with a configuration beside it, for real workers.
 * @typedef {{ readonly folder: string, readonly path: string, readonly backend: import("./store.js").Backend }} Project
 */

/**
 * @param {string} path Of the store.
 * @returns {Promise<Project>}
 */
export async function openProject(path) {
  const folder = dirname(path);
  writeFileSync(`${folder}/pyworkflow.config.yaml`, `module: ${JSON.stringify(modules)}\nstorage: { path: ${JSON.stringify(path)} }\n`);
  return { folder, path, backend: await openSqlite({ path }) };
}

/** @param {import("./harness.js").Bench} bench */
export function newProject(bench) {
  return openProject(freshFile(bench, "runs.db"));
}

/**
 * How long a process of Node takes that ends well.
 * @param {string} folder
 * @param {readonly string[]} words
 */
export function spawnMs(folder, words) {
  const startedAt = performance.now();
  const { status: code, stderr } = spawnSync(process.execPath, words, { cwd: folder, encoding: "utf8" });
  const tookMs = performance.now() - startedAt;
  if (code !== 0) throw new Error(`node ${words.join(" ")} ended with ${code}: ${stderr}`);
  return tookMs;
}

/** @type {Set<number>} */
const groups = new Set();
process.on("exit", () => {
  for (const pid of groups) killGroup(pid);
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.once(signal, () => {
    for (const pid of groups) killGroup(pid);
    process.kill(process.pid, signal);
  });
}

/**
 * `worker run` in a process group of its own. Resolves when all of its processes claim.
 * @param {Project} project
 * @param {number} count
 */
export async function startWorkers({ folder, backend }, count) {
  const child = spawn(process.execPath, [bin, "worker", "run", "-n", String(count), "--quiet", "-l", "error"], {
    cwd: folder,
    detached: true,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const exited = once(child, "exit");
  const { pid } = child;
  if (pid === undefined) throw new Error("worker run did not start");
  groups.add(pid);
  const pids = async () => {
    const workers = (await backend.listWorkers()).filter(({ status }) => status === "online");
    const supervisor = workers.find((worker) => worker.role === "supervisor" && worker.pid === pid);
    return workers.filter(({ parentId }) => parentId !== undefined && parentId === supervisor?.workerId).map((worker) => worker.pid);
  };
  const complete = () => until(`${count} workers`, async () => ((await pids()).length === count ? pids() : undefined));
  const gone = async () => {
    await exited;
    groups.delete(pid);
  };
  await complete();
  return {
    /** Process ids of the workers, once there are as many as there should be. */
    complete,
    /** As a person stops it. */
    stop() {
      child.kill("SIGTERM");
      return gone();
    },
    /** The supervisor and its workers at once. */
    kill() {
      killGroup(pid);
      return gone();
    },
  };
}

/** @param {number} pid */
function killGroup(pid) {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // it has ended by itself
  }
}
