import { existsSync, statSync } from "node:fs";
import { mkdtemp, rmdir, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { systemClock } from "../base/clock.js";
import { loadConfig, type LoadConfigOptions } from "../config/load-config.js";
import type { DoctorMeans } from "../services/doctor.js";
import { reserveStdout } from "./streams.js";

/** What this machine, and the project that flags, environment and configuration name, give to the doctor. */
export function doctorMeans(whereabouts: LoadConfigOptions, nodeNeeded: string): DoctorMeans {
  return {
    node: { version: process.versions.node, needed: nodeNeeded },
    clock: systemClock,
    sqliteVersion: async () => (await import("../main/sqlite-version.js")).sqliteVersion(),
    loadConfig: () => loadConfig(whereabouts),
    async loadModules() {
      const [{ loadWorkflows }, { listWorkflows }] = await Promise.all([import("../main/load-workflows.js"), import("../services/list-workflows.js")]);
      reserveStdout();
      await loadWorkflows(whereabouts);
      return listWorkflows().length;
    },
    openStore: async () => (await import("../main/open-project.js")).openProject({ ...whereabouts, access: "read", blocking: true }),
    storeFormat: async () => (await import("../main/migrate-store.js")).migrateStore(whereabouts, { dryRun: true }),
    storeExists: (storage) => storage.backend === "sqlite" && existsSync(storage.path),
    tryWriting: async (path) => rmdir(await mkdtemp(join(nearestFolder(dirname(path)), ".pyworkflow-doctor-"))),
    diskSpace: async (path) => {
      const { bavail, bsize } = await statfs(nearestFolder(dirname(path)));
      return { free: bavail * bsize, writeAheadLog: statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0 };
    },
  };
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder));
}
