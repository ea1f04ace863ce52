import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pyworkflow } from "../support/cli.js";
import { picture } from "../support/picture.js";
import { TestProject, until } from "../support/project.js";
import { hasTerminals, keys, onTerminal } from "../support/pty.js";

// What people see on a terminal while runs go on: the real binary, the screens as text with their times and ids replaced.

const workflows = `import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { hook, step, stepContext, workflow } from "pyworkflow";

const fileMade = async (name) => { while (!existsSync(name)) await pause(10); };
const pay = step({ name: "pay", retryDelay: ["2s"] }, (amount) => {
  if (stepContext().attempt === 1) throw new Error("declined");
  return { paid: amount };
});
const ship = step("ship", async (what, go) => {
  console.log("packing", what);
  await fileMade(go);
  return what;
});
const count = step("count", (n) => n);

export const order = workflow("order", async ({ go }) => {
  const done = [await count(1), await pay(12), await ship("shoes", go)];
  await hook("approval", { timeout: "7d" });
  return done;
});
export const many = workflow("many", async () => {
  await Promise.all(Array.from({ length: 1000 }, (_, n) => count(n)));
  return ship("all", "many");
});
export const quick = workflow("quick", async () => "done");
`;

const project = new TestProject();
const cwd = project.path;

beforeAll(() => project.touch("workflows/index.ts", workflows));
afterAll(() => project.remove());

const start = (go: string) => ["workflows", "run", "order", "--arg", `go=${go}`];

describe.skipIf(!hasTerminals)("on a terminal", () => {
  test.each([
    [80, {}],
    [40, { NO_COLOR: "1" }],
  ])("a run is drawn as it goes on, at %i columns", async (columns, env) => {
    const go = `go-${columns}`;
    const terminal = onTerminal(start(go), { cwd, env, columns, rows: 24 });
    await terminal.sees(/↻ pay .*attempt 2 in/);
    await terminal.sees(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] ship/);
    await terminal.sees("packing shoes");
    expect(picture(terminal)).toMatchSnapshot("running");
    terminal.type(keys.details);
    await terminal.sees('result {"paid":12}');
    project.touch(go);
    expect(await terminal.ended).toBe(0);
    expect(picture(terminal)).toMatchSnapshot("suspended");
    // The cursor is back, and colours were used only where they are wanted.
    expect(terminal.raw().lastIndexOf("\u001B[?25h")).toBeGreaterThan(terminal.raw().lastIndexOf("\u001B[?25l"));
    expect(terminal.raw().includes("\u001B[32m")).toBe(columns === 80);
  });

  test("Ctrl+C detaches with 0 and says how to come back; a thousand steps are counted, and a new size is drawn for", async () => {
    const terminal = onTerminal(["workflows", "run", "many"], { cwd, columns: 80, rows: 12 });
    await terminal.sees(/and 99\d completed/);
    await terminal.sees(" ship");
    terminal.resize({ columns: 60, rows: 10 });
    await until("the smaller screen", () => (terminal.screen().length <= 10 && terminal.screen().some((line) => line.includes("and 99")) ? true : undefined), { tell: () => terminal.shown() });
    terminal.type(keys.interrupt);
    await terminal.sees("Detached");
    project.touch("many");
    expect(await terminal.ended).toBe(0);
  });

  test("SIGTERM and SIGHUP look away as Ctrl+C does, from each that follows, and leave the terminal with its cursor", async () => {
    const run = onTerminal(start("at-last"), { cwd });
    await run.sees(/ ship /);
    const followers = [
      { signal: "SIGTERM", on: run, drawn: / ship /, said: "Detached; the run goes on with the next worker" },
      { signal: "SIGHUP", on: onTerminal(["runs", "status", "@last", "--watch"], { cwd }), drawn: "q ends", said: "" },
      { signal: "SIGTERM", on: onTerminal(["runs", "list", "--watch"], { cwd }), drawn: "q ends", said: "order" },
      { signal: "SIGHUP", on: onTerminal(["runs", "logs", "@last", "--follow"], { cwd }), drawn: "ship", said: "ship" },
    ] as const;
    for (const { on, drawn } of followers) await on.sees(drawn);
    for (const { on, signal } of followers) on.kill(signal);
    project.touch("at-last");
    for (const { on, said } of followers) {
      expect([await on.ended, on.shown()]).toEqual([0, expect.stringContaining(said)]);
      expect(on.raw().lastIndexOf("\u001B[?25h")).toBeGreaterThanOrEqual(on.raw().lastIndexOf("\u001B[?25l"));
      expect(on.shown()).not.toContain("q ends");
    }
  });

  test("a dumb terminal gets lines", async () => {
    const terminal = onTerminal(["workflows", "run", "quick", "--debug"], { cwd, env: { TERM: "dumb" } });
    expect(await terminal.ended).toBe(0);
    expect(terminal.shown()).toContain("workflow.completed");
    expect(terminal.shown()).toContain('"result":"done"');
    expect(terminal.raw()).not.toContain("\u001B[?25l");
  });

  test("runs list --watch shows what others start, and q ends it; runs status --watch ends with the run", async () => {
    const list = onTerminal(["runs", "list", "--watch", "--workflow", "watched"], { cwd, columns: 80, rows: 24 });
    await list.sees("No run fits yet.");
    const [runId = ""] = await project.startRuns("watched", [1]);
    await list.sees(runId.slice(0, 20));
    const status = onTerminal(["runs", "status", runId, "--watch"], { cwd, columns: 80, rows: 24 });
    await status.sees("Status: pending");
    await pyworkflow(["runs", "cancel", runId], { cwd });
    expect(await status.ended).toBe(0);
    expect(status.shown()).toContain("Status: cancelled");
    expect(status.shown()).not.toContain("q ends");
    await list.sees(/cance/);
    expect(picture(list)).toMatchSnapshot();
    list.type("q");
    expect(await list.ended).toBe(0);
  });
});

describe("in a pipe", () => {
  test("--watch is refused with what there is in its place; --follow tells of each event until the end", async () => {
    const [list, status] = await Promise.all([pyworkflow(["runs", "list", "--watch"], { cwd }), pyworkflow(["runs", "status", "@last", "--watch"], { cwd })]);
    expect([list.code, list.stdout, status.code]).toEqual([2, "", 2]);
    expect([list.stderr, status.stderr]).toEqual([expect.stringContaining("runs logs ID --follow"), expect.stringContaining("runs wait ID")]);

    const [runId = ""] = await project.startRuns("followed", [1]);
    const follow = pyworkflow(["runs", "logs", runId, "--follow", "-o", "jsonl"], { cwd });
    const whole = pyworkflow(["runs", "logs", runId, "--follow", "-o", "json"], { cwd });
    await pyworkflow(["runs", "cancel", runId], { cwd });
    const [lines, document] = await Promise.all([follow, whole]);
    const types = lines.stdout.trimEnd().split("\n").map((line) => (JSON.parse(line) as { type: string }).type);
    expect([lines.code, types.at(-1)]).toEqual([0, "workflow.cancelled"]);
    expect((JSON.parse(document.stdout) as { type: string }[]).map(({ type }) => type)).toEqual(types);
  });

  test("worker run --ui works on, and says that nothing is drawn", async () => {
    const { code, stderr } = await pyworkflow(["worker", "run", "--ui", "--drain", "--processes", "1", "--workflow", "quick"], { cwd });
    expect([code, stderr]).toEqual([0, expect.stringContaining("the log alone is shown")]);
  });
});
