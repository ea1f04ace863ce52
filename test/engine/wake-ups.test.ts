import { describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { systemClock } from "../../src/base/clock.js";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import { requestCancellation } from "../../src/engine/cancel-run.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { hook, runChild, sleep, workflow } from "../../src/index.js";
import type { Backend, RunCommit } from "../../src/storage/backend.js";
import { eachStore } from "../support/each-store.js";
import { executeDue, startRun } from "../support/in-memory.js";

// What a run waits for can come in the moment in which it suspends: just before its suspension is committed, or just after.
// Neither may be lost.

const child = workflow("wake.child", async () => "from the child");

interface Wait {
  readonly what: string;
  readonly body: WorkflowDefinition;
  readonly others: readonly WorkflowDefinition[];
  readonly come: (store: Backend, runId: RunId) => Promise<unknown>;
  readonly end: object;
}

const waits: readonly Wait[] = [
  {
    what: "a hook's payload",
    body: workflow("wake.hook", async () => hook("answer")),
    others: [],
    come: (store, runId) => store.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf("hook_answer", 1), value: encode("given") }] }]),
    end: { status: "completed", result: encode("given") },
  },
  {
    what: "a child's end",
    body: workflow("wake.parent", async () => runChild(child, undefined)),
    others: [child],
    come: (store) => executeDue(store, [child]),
    end: { status: "completed", result: encode("from the child") },
  },
  {
    what: "a request to cancel",
    body: workflow("wake.cancelled", async () => sleep("1h")),
    others: [],
    come: (store, runId) => requestCancellation(store, systemClock, { runId, requestedBy: "test" }),
    end: { status: "cancelled" },
  },
];

describe.each(eachStore)("on %s", (_, open) => {
  describe.each(["before", "after"] as const)("just %s the suspension", (moment) => {
    test.each(waits)("$what is not lost", async ({ body, others, come, end }) => {
      const store = await open();
      const runId = await startRun(store, body);
      let came = 0;
      const meddling = around(store, async (batch, commit) => {
        const isSuspension = batch.some((member) => member.runId === runId && member.events.some(({ type }) => type === "workflow.suspended"));
        if (!isSuspension || came++ > 0) return commit();
        if (moment === "before") await come(store, runId);
        const results = await commit();
        if (moment === "after") await come(store, runId);
        return results;
      });

      await executeDue(meddling, [body]);
      for (let round = 0; round < 5; round++) await executeDue(store, [body, ...others]);

      expect(came).toBeGreaterThan(0);
      expect(await store.getRun(runId)).toMatchObject(end);
    });
  });
});

type Commit = Backend["commit"];

function around(store: Backend, meddle: (batch: readonly RunCommit[], commit: () => ReturnType<Commit>) => ReturnType<Commit>): Backend {
  return { ...store, commit: (batch) => meddle(batch, () => store.commit(batch)) };
}
