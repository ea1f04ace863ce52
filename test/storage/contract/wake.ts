import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, test } from "vitest";
import { cancelRequested, commitOne, eachWith, enter, nextWake, run, running, started, suspended, t0, type MakeStore } from "./support.js";

export function wakeContract(make: MakeStore): void {
  describe("wake", () => {
    const store = eachWith(make);

    test("a new run wakes this connection and every other one", async () => {
      const woken = Promise.all([nextWake(store.backend), nextWake(store.other)]);
      await store.backend.createRun(run());
      expect(await woken).toHaveLength(2);
    });

    test("a write to an inbox wakes", async () => {
      const { runId } = await running(store.backend);
      const woken = nextWake(store.backend);
      await commitOne(store.other, { runId, seen: 0, events: [cancelRequested] });
      expect(await woken).toBe("woken");
    });

    test("a suspension with a wake time, a loss and a request to stop wake", async () => {
      const [asleep, lost] = [await running(store.backend), await running(store.backend)];
      const { workerId = await enter(store.backend) } = lost;
      for (const act of [
        () => store.backend.commit([{ runId: asleep.runId, fence: 1, seen: 1, events: [suspended(t0)] }]),
        () => store.backend.updateWorker(workerId, { stopRequested: true }),
        () => store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "none" }),
      ]) {
        const woken = nextWake(store.other);
        await act();
        expect(await woken).toBe("woken");
      }
    });

    test("a listener that left is not called; the others still are", async () => {
      const { runId } = await running(store.backend);
      let calls = 0;
      const leave = store.backend.onWake(() => {
        calls++;
      });
      leave();
      const woken = nextWake(store.backend);
      await commitOne(store.backend, { runId, fence: 1, seen: 1, events: [started] });
      await store.backend.createRun(run());
      await woken;
      expect(calls).toBe(0);
    });

    test("a listener does not run in the context of the writer", async () => {
      const context = new AsyncLocalStorage<string>();
      const seen = new Promise((resolve) => {
        const leave = store.backend.onWake(() => {
          leave();
          resolve(context.getStore());
        });
      });
      await context.run("a run", () => store.backend.createRun(run()));
      expect(await seen).toBeUndefined();
    });
  });
}
