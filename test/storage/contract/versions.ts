import { describe, expect, test } from "vitest";
import type { RunId } from "../../../src/core/ids.js";
import type { Backend, NewWorker } from "../../../src/storage/backend.js";
import { claimed, commitOne, eachWith, enter, record, released, request, run, running, t0, type MakeStore } from "./support.js";

export function versionsContract(make: MakeStore): void {
  describe("runs that are reserved for a version", () => {
    const store = eachWith(make);

    test("workers of another version pass over it while one of that version lives", async () => {
      const [runId, fitting, other] = [await reserved(store.backend), await enter(store.backend, { version: "fits" }), await enter(store.backend, { version: "new" })];
      expect(await record(store.backend, runId)).toMatchObject({ status: "suspended", reservedFor: "fits", wakeReason: "released" });
      for (const change of [{ version: "new" }, { version: "new", runId }]) {
        expect(await claimed(store.other, request(other, change))).toEqual([]);
        expect(await store.other.countDue(request(other, change))).toBe(0);
      }
      expect(await store.backend.countDue(request(fitting, { version: "fits" }))).toBe(1);
      expect(await claimed(store.backend, request(fitting, { version: "fits" }))).toMatchObject([{ runId, status: "running" }]);
      expect((await record(store.backend, runId)).reservedFor).toBeUndefined();
    });

    test("it is in nobody's way: what is due later is claimed before it", async () => {
      const held = await Promise.all([reserved(store.backend), reserved(store.backend), reserved(store.backend)]);
      await enter(store.backend, { version: "fits" });
      const free = await store.backend.createRun(run({ createdAt: t0 + 900 }));
      const other = await enter(store.backend, { version: "new" });
      expect(await claimed(store.backend, request(other, { version: "new", limit: 1 }))).toMatchObject([{ runId: free.runId }]);
      expect(held).toHaveLength(3);
    });

    test.for<readonly [string, Partial<NewWorker>]>([
      ["serves other workflows", { workflows: ["refund"] }],
      ["is a supervisor, which claims nothing", { role: "supervisor" }],
      ["has another version", { version: "older" }],
    ])("it is free where the worker %s", async ([, change]) => {
      const runId = await reserved(store.backend);
      await enter(store.backend, { version: "fits", ...change });
      expect(await idsFor(store.backend, "new")).toEqual([runId]);
    });

    test("it is free where the worker drains or is dead, and that wakes", async () => {
      for (const leave of [
        (workerId: NewWorker["workerId"]) => store.backend.updateWorker(workerId, { status: "draining" }),
        (workerId: NewWorker["workerId"]) => store.backend.loseWorker({ workerId, now: t0, error: "gone", charge: "none" }),
      ]) {
        const runId = await reserved(store.backend);
        const fitting = await enter(store.backend, { version: "fits" });
        expect(await idsFor(store.backend, "new")).toEqual([]);
        const woken = new Promise((resolve) => {
          store.other.onWake(() => resolve("woken"));
        });
        await leave(fitting);
        expect(await woken).toBe("woken");
        expect(await idsFor(store.backend, "new")).toEqual([runId]);
      }
    });

    test("an embedded process counts as a worker", async () => {
      await reserved(store.backend);
      await enter(store.backend, { version: "fits", role: "embedded" });
      expect(await idsFor(store.backend, "new")).toEqual([]);
    });
  });
}

/** A run that its worker handed over for the version `fits`. */
async function reserved(backend: Backend): Promise<RunId> {
  const { runId } = await running(backend);
  await commitOne(backend, { runId, fence: 1, seen: 1, events: [released("fits")] });
  return runId;
}

async function idsFor(backend: Backend, version: string): Promise<readonly RunId[]> {
  return (await claimed(backend, request(await enter(backend, { version }), { version }))).map(({ runId }) => runId);
}
