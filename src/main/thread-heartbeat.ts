import { Worker } from "node:worker_threads";
import { systemClock, type Timer } from "../base/clock.js";
import type { StorageConfig } from "../config/config.js";
import type { WorkerId } from "../core/ids.js";
import type { StartHeartbeat } from "../runtime/worker/heartbeat.js";

/** The first message to the heartbeat's thread. */
export interface ThreadData {
  readonly workerId: WorkerId;
  readonly storage: StorageConfig;
  readonly leaseMs: number;
  /** An event loop that is blocked for longer is ended. */
  readonly maxBlockMs: number;
  readonly memory: SharedArrayBuffer;
}

// Places in the shared memory. `process.hrtime` is one clock for all threads, unlike `performance.now`.
export const lastBeatNs = 0;
export const lastBeatWallMs = 1;
export const turnsOfMain = 2;
const places = 3;

const turnEveryMs = 500;

// A test runs the sources, which a thread can't: it gets the compiled file.
const threadFile = new URL(import.meta.url.endsWith(".ts") ? "../../dist/main/heartbeat-thread.js" : "heartbeat-thread.js", import.meta.url);

/** A heartbeat in a thread of this process; see heartbeat-thread.ts. `onTrouble` hears of a thread that ended by itself. */
export function threadHeartbeat(data: Omit<ThreadData, "memory">, onTrouble: (error: Error) => void): StartHeartbeat {
  return (listener) => {
    const memory = new SharedArrayBuffer(places * BigInt64Array.BYTES_PER_ELEMENT);
    const shared = new BigInt64Array(memory);
    shared[lastBeatNs] = process.hrtime.bigint();
    shared[lastBeatWallMs] = BigInt(systemClock.now());
    const thread = new Worker(threadFile);
    thread.postMessage({ ...data, memory } satisfies ThreadData, []);
    thread.on("message", (message: "alive" | "dead") => (message === "alive" ? listener.onAlive() : listener.onDead()));
    thread.on("error", onTrouble);
    const ended = new Promise<void>((resolve) => {
      thread.once("exit", () => resolve());
    });

    let turn: Timer;
    const countTurn = () => {
      Atomics.add(shared, turnsOfMain, 1n);
      turn = systemClock.setTimer(countTurn, turnEveryMs);
    };
    countTurn();

    return {
      age: () => ({
        monotonicMs: Number(process.hrtime.bigint() - Atomics.load(shared, lastBeatNs)) / 1e6,
        wallMs: systemClock.now() - Number(Atomics.load(shared, lastBeatWallMs)),
      }),
      beatNow: () => thread.postMessage("beat", []),
      async stop() {
        turn.cancel();
        thread.postMessage("stop", []);
        await ended;
      },
    };
  };
}
