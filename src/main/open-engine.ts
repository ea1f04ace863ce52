import { isObject } from "../base/json.js";
import { ConfigError } from "../core/errors.js";
import { runIdOf } from "../services/find-run.js";
import type { RunHandle } from "../services/run-handle.js";
import type { Engine, EngineOptions } from "./engine.js";

/**
 * Opens a store and, unless told otherwise, executes runs in this process: the same claims, fence and recovery as a worker's.
 * Throws ConfigError or StorageError.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { openEmbedded } = await import("./embedded.js");
  const embedded = await openEmbedded({ ...options, ...(options.storage !== undefined && { flags: storageFlags(options.storage) }) });
  const run = (text: string): RunHandle => embedded.run(runIdOf(text));
  return {
    start: (workflow, input, more) => embedded.start(workflow, input, more),
    run,
    cancel: async (which, more) => (isHandle(which) ? which : run(which)).cancel(more),
    schedules: embedded.schedules,
    resumeHook: (token, payload) => embedded.resumeHook(token, payload),
    close: (more) => embedded.close(more),
  };
}

function isHandle(which: unknown): which is RunHandle {
  return isObject(which) && typeof which["cancel"] === "function";
}

function storageFlags(storage: string): { readonly storage: string; readonly storagePath?: string } {
  const [, backend = "", path = ""] = /^(\w+):(.*)$/s.exec(storage) ?? [];
  if (backend === "memory") return { storage: backend };
  if (backend === "sqlite" && path !== "") return { storage: backend, storagePath: path };
  throw new ConfigError(`${storage} names no store`, { place: "openEngine({ storage })", hint: 'write "sqlite:./app.db" or "memory:"' });
}
