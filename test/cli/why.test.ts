import { afterAll, beforeAll, expect, test } from "vitest";
import { operationIdOf, type RunId } from "../../src/core/ids.js";
import { pyworkflow } from "../support/cli.js";
import { violations } from "../support/json-schema.js";
import { sameEachTime } from "../support/picture.js";
import { TestProject } from "../support/project.js";

// Each state in which a run does not go on, made by real workers, and what the command line says of it.

const modules = `import { appendFileSync } from "node:fs";
import { FatalError, hook, runChild, sleep, step, workflow } from "pyworkflow";
import { drifted } from "../drift.ts";

const effect = (what) => appendFileSync("effects.txt", what + " " + process.pid + "\\n");
const endless = step({ name: "endless", timeout: "1h" }, async (what) => { effect(what); await new Promise(() => {}); });
const flaky = step({ name: "flaky", retryDelay: ["1h"] }, async () => { throw new RangeError("the bank is closed"); });
const broken = step("broken", async () => { throw new FatalError("no such customer"); });
const first = step("first", async () => 1);
const second = step("second", async () => 2);

export const running = workflow("running", async () => {
  await endless("running");
});
export const lost = workflow("lost", async () => {
  await endless("lost");
});
export const retrying = workflow("retrying", async () => {
  await flaky();
});
export const sleeping = workflow("sleeping", async () => {
  await sleep("30d");
});
export const asking = workflow("asking", async () => {
  await hook("answer", { timeout: "7d" });
});
export const parent = workflow("parent", async () => {
  await runChild(asking, undefined);
});
export const parked = workflow("parked", async () => {
  await (drifted ? second() : first());
  await hook("more");
});
export const failed = workflow("failed", async () => {
  await broken();
});
export const done = workflow("done", async () => 5);
`;

const project = new TestProject();
const cwd = project.path;
const names = ["running", "retrying", "sleeping", "asking", "parent", "parked", "failed", "done", "lost", "unknown"] as const;
type Name = (typeof names)[number];
const ids = new Map<Name, RunId>();
const idOf = (name: Name): RunId => ids.get(name) ?? ("" as RunId);

/** A worker dies with one run, and the code of another changes then; the next worker does the rest, and what it must not do stays. */
beforeAll(async () => {
  project.touch("workflows/index.ts", modules);
  project.touch("drift.ts", "export const drifted = false;\n");
  const left: readonly Name[] = ["lost", "parked"];
  for (const name of left) ids.set(name, await project.startRun(name));
  const doomed = project.runWorkers("-n", "1");
  await Promise.all([project.pidOf("lost"), project.runOnce(idOf("parked"), ({ status }) => status === "suspended")]);
  doomed.killAll();
  project.touch("drift.ts", "export const drifted = true;\n");
  await project.resumeHook(idOf("parked"), operationIdOf("hook_more", 1), 1);

  for (const name of names) if (!left.includes(name)) ids.set(name, await project.startRun(name));
  project.runWorkers("-n", "1", ...names.flatMap((name) => (name === "lost" || name === "unknown" ? [] : ["--workflow", name])));
  await project.pidOf("running");
  const suspended: readonly Name[] = ["retrying", "sleeping", "asking", "parent"];
  await Promise.all([
    ...suspended.map((name) => project.runOnce(idOf(name), ({ status }) => status === "suspended")),
    project.runOnce(idOf("parked"), ({ parked }) => parked !== undefined),
    project.runOnce(idOf("lost"), ({ status }) => status === "interrupted"),
    project.ended(idOf("failed")),
    project.ended(idOf("done")),
  ]);
}, 60_000);
afterAll(() => project.remove());

/** What a command says of each run, two of them asked at a time. */
async function ofEach(command: string, ...flags: readonly string[]): Promise<ReadonlyMap<Name, string>> {
  const said = new Map<Name, string>();
  const left = [...names];
  const ask = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const { code, stdout, stderr } = await pyworkflow(["runs", command, idOf(name), ...flags], { cwd });
      expect([name, code, flags.length === 0 ? "" : stderr]).toEqual([name, 0, ""]);
      said.set(name, stdout);
    }
  };
  await Promise.all([ask(), ask()]);
  return said;
}

/** Where in the module a text stands, as messages name it. */
function placeOf(text: string): string {
  const before = modules.slice(0, modules.indexOf(text)).split("\n");
  return `workflows/index.ts:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

function pictures(said: readonly string[]): string {
  return said.map((text, index) => `${names[index]}: ${sameEachTime(text).replaceAll(/pid \d+ on [^)\s]+/g, "pid PID on HOST")}`).join("");
}

// Many starts of the command, each with the workflows loaded.
const patienceMs = 60_000;

test("runs why: a word for scripts, the place in the code, and a sentence", async () => {
  const rows = await ofEach("why", "-o", "json", "--quiet");
  const parsed = names.map((name) => JSON.parse(rows.get(name) ?? "") as { readonly waits_for: string; readonly at: string | null; readonly reason: string });
  expect(parsed.map((row) => violations("runs-why.json", row))).toEqual(names.map(() => []));
  expect(Object.fromEntries(names.map((name, index) => [name, [parsed[index]?.waits_for, parsed[index]?.at?.replace(`${cwd}/`, "") ?? null]]))).toEqual({
    running: ["step", placeOf('endless("running")')],
    retrying: ["retry", placeOf("flaky();")],
    sleeping: ["timer", placeOf("sleep(")],
    asking: ["hook", placeOf('hook("answer"')],
    parent: ["child", placeOf("runChild(")],
    parked: ["code", placeOf("second() :")],
    failed: ["nothing", placeOf("new FatalError")],
    done: ["nothing", null],
    lost: ["recovery", placeOf('endless("lost")')],
    unknown: ["worker", null],
  });
  expect(pictures(parsed.map(({ reason }) => `${reason}\n`))).toMatchSnapshot();
  // A person is told the same, in a pipe in one line.
  const { stdout } = await pyworkflow(["runs", "why", idOf("parked")], { cwd });
  expect(pictures([stdout])).toBe(pictures([`${parsed[names.indexOf("parked")]?.reason}\n`]));
}, patienceMs);

test("runs timeline: the same runs, as they went", async () => {
  const rows = await ofEach("timeline");
  expect(pictures(names.map((name) => rows.get(name) ?? ""))).toMatchSnapshot();
  const { stdout } = await pyworkflow(["runs", "timeline", idOf("retrying"), "-o", "json"], { cwd });
  expect(violations("runs-timeline.json", JSON.parse(stdout))).toEqual([]);
}, patienceMs);
