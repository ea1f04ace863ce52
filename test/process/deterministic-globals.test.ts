import { afterEach, beforeEach, expect, test } from "vitest";
import { pyworkflow } from "../support/cli.js";
import { TestProject, until } from "../support/project.js";

const module = `
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { step, workflow } from "pyworkflow";

const record = step("record", (what: string, ...values: readonly unknown[]) => {
  appendFileSync("effects.txt", what + " " + process.pid + "\\n");
  return values;
});
const hold = step("hold", async (...values: readonly unknown[]) => {
  appendFileSync("effects.txt", "hold " + process.pid + "\\n");
  while (!existsSync("go")) await pause(10);
  return [Date.now(), new Date().getTime(), values];
});

export const plain = workflow("plain", async () => {
  const id = crypto.randomUUID();
  const first = await record("first", Date.now(), new Date(), Math.random(), id, randomUUID());
  const second = await hold(Date.now(), new Date(), Math.random(), crypto.randomUUID());
  const third = await record("third", Date.now(), String(new Date()), Math.random() < 0.5, id);
  return { first, second, third };
});

export const fetching = workflow("fetching", async (url: string) => {
  await record("before");
  return fetch(url);
});
`;

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
  project.touch("workflows/index.ts", module);
});
afterEach(() => project.remove());

test("a body that uses Date, Math.random and crypto.randomUUID goes on after SIGKILL: it is no drift", async () => {
  await project.runWorkers("-n", "2").ready();
  const runId = await project.startRun("plain");
  process.kill(await project.pidOf("hold"), "SIGKILL");
  await until("the second attempt", () => (project.effects().filter(({ what }) => what === "hold").length === 2 ? true : undefined));
  project.touch("go");
  expect(await project.ended(runId)).toMatchObject({ status: "completed" });
  expect(project.effects().map(({ what }) => what)).toEqual(["first", "hold", "hold", "third"]);

  const { stdout } = await pyworkflow(["runs", "result", runId], { cwd: project.path });
  const { first, second, third } = JSON.parse(stdout) as { first: unknown[]; second: [number, number, unknown[]]; third: unknown[] };
  const [{ at: startedAt } = { at: 0 }] = await project.history(runId);
  // The body has the time of its log, steps have the clock of the wall.
  expect(first.slice(0, 2)).toEqual([startedAt, new Date(startedAt).toISOString()]);
  expect(second[0]).toBeGreaterThan(second[2][0] as number);
  expect(second[1]).toBeGreaterThan(second[2][0] as number);
  expect(third.at(-1)).toBe(first.at(-2));
});

test("fetch in a body is refused before a request goes out, and the run says what to do", async () => {
  const { code, stderr } = await pyworkflow(["workflows", "run", "fetching", "--args-json", '"http://127.0.0.1:9/"', "--wait"], { cwd: project.path });
  expect(code).toBe(3);
  expect(stderr).toMatch(/fetch\("http:\/\/127\.0\.0\.1:9\/"\) at .*workflows\/index\.ts:\d+:\d+: put it in a step/);
  expect(project.effects().map(({ what }) => what)).toEqual(["before"]);
});
