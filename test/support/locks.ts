import type { WorkerId } from "../../src/core/ids.js";
import { processLocksOf } from "../../src/main/process-lock.js";

/** Makes this process hold the locks of workers beside a store, as they do while they live. Returns the way out. */
export function holdLocks(path: string, ...workerIds: readonly WorkerId[]): () => void {
  const locks = processLocksOf({ backend: "sqlite", path, durability: "full" });
  const held = workerIds.map((workerId) => locks.hold(workerId));
  return () => {
    for (const lock of held) lock.release();
  };
}
