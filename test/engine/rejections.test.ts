import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { step, workflow } from "../../src/index.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { startProcess, startRun } from "../support/in-memory.js";

const one = step("rejections.one", async () => 1);

test("a branch that nobody awaits fails: the run goes on, and the log tells", async () => {
  const branching = workflow("rejections.branch", async () => {
    void (async () => {
      await one();
      throw new TypeError("branch failed");
    })();
    await one();
    await one();
    return "done";
  });
  const backend = createMemoryBackend();
  const runId = await startRun(backend, branching);
  const { executor, claim, notes } = await startProcess(backend, { workflows: [branching] });
  const [claimed] = await claim();
  expect(claimed && (await executor.execute(claimed))).toBe("ended");
  expect((await backend.getRun(runId))?.status).toBe("completed");
  expect(notes).toContainEqual(expect.objectContaining({ level: "warn", runId, message: expect.stringContaining("branch failed") }));
});

test("a rejection outside any run still ends the process", () => {
  const script = `
    const { guardRejections } = await import(${JSON.stringify(new URL("../../dist/engine/rejections.js", import.meta.url).href)});
    guardRejections();
    Promise.reject(new Error("somebody else's"));
    setTimeout(() => console.log("survived"), 1000);`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain("somebody else's");
});
