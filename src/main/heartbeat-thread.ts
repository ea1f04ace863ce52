import { Session } from "node:inspector";
import { parentPort } from "node:worker_threads";
import { systemClock } from "../base/clock.js";
import { BugError } from "../base/unreachable.js";
import { parseRunId } from "../core/ids.js";
import { observe, type Stillness } from "../runtime/stillness.js";
import { beatEveryMs, timerHeartbeat } from "../runtime/worker/heartbeat.js";
import { openBackend } from "./open-project.js";
import { processLocksOf } from "./process-lock.js";
import { lastBeatNs, lastBeatWallMs, turnsOfMain, type ThreadData } from "./thread-heartbeat.js";

/**
 * The thread that beats for its process on a connection of its own: through the longest synchronous step, and not under
 * SIGSTOP. It keeps the store's write-ahead log short, which is not for the thread that commits. And it watches the event
 * loop of the main thread, and ends the process when that is blocked for too long.
 */
const port = parentPort;
if (port === null) throw new BugError("this file is the entry of a thread");
const { workerId, storage, leaseMs, maxBlockMs, memory } = await new Promise<ThreadData>((resolve) => {
  port.once("message", resolve);
});
const shared = new BigInt64Array(memory);
const backend = await openBackend(storage, { mustExist: true });

const heartbeat = timerHeartbeat({
  everyMs: beatEveryMs(leaseMs),
  clock: systemClock,
  async beat(now) {
    const begunNs = process.hrtime.bigint();
    const alive = await backend.beat(workerId, now);
    if (alive) {
      Atomics.store(shared, lastBeatWallMs, BigInt(now));
      Atomics.store(shared, lastBeatNs, begunNs);
    }
    return alive;
  },
})({
  onAlive: () => port.postMessage("alive"),
  onDead: () => port.postMessage("dead"),
});

port.on("message", (message: "beat" | "stop") => {
  if (message === "beat") heartbeat.beatNow();
  else void stop();
});

const maintainEveryMs = 250;
let maintenance = systemClock.setTimer(maintain, maintainEveryMs);

function maintain(): void {
  void backend.maintain();
  maintenance = systemClock.setTimer(maintain, maintainEveryMs);
}

const lookEveryMs = 1000;
let stillness: Stillness | undefined;
let watch = systemClock.setTimer(watchMain, lookEveryMs);

async function stop(): Promise<void> {
  watch.cancel();
  maintenance.cancel();
  await heartbeat.stop();
  await backend.close();
  port?.close();
}

function watchMain(): void {
  const look = { counter: Number(Atomics.load(shared, turnsOfMain)), at: systemClock.monotonic(), gapMaxMs: lookEveryMs * 3 };
  stillness = observe(stillness, look);
  if (stillness.stillMs >= maxBlockMs) void endProcess();
  else watch = systemClock.setTimer(watchMain, lookEveryMs);
}

async function endProcess(): Promise<void> {
  const runId = parseRunId(await runOnStack());
  processLocksOf(storage).writeLastWords(workerId, { error: `blocked its event loop for ${maxBlockMs} ms`, ...(runId && { runId }) });
  process.kill(process.pid, "SIGKILL");
}

const answerWithinMs = 2000;

/** Stops the main thread in its loop and asks there. Empty where no JavaScript is on its stack (a synchronous call of Node's). */
async function runOnStack(): Promise<string> {
  const session = new Session();
  session.connectToMainThread();
  return new Promise((resolve) => {
    systemClock.setTimer(() => resolve(""), answerWithinMs);
    session.once("Debugger.paused", ({ params }) => {
      const callFrameId = params.callFrames[0]?.callFrameId ?? "";
      const expression = 'globalThis[Symbol.for("pyworkflow.v1")].current.getStore()?.runId';
      session.post("Debugger.evaluateOnCallFrame", { callFrameId, expression }, (_error, answer) => resolve(String(answer?.result.value ?? "")));
    });
    session.post("Debugger.enable");
    session.post("Debugger.pause");
  });
}
