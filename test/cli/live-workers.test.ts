import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sameEachTime } from "../support/picture.js";
import { TestProject, until } from "../support/project.js";
import { hasTerminals, keys, onTerminal, type Terminal } from "../support/pty.js";

// `worker run --ui` as people see it: below the log its processes, the runs that they execute, and those that were taken from dead ones.

const workflows = `import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { step, workflow } from "pyworkflow";

const pack = step("pack", async () => {
  console.log("packing a pair of shoes for the order of a customer who waits");
  appendFileSync("effects.txt", "pack " + process.pid + "\\n");
  while (!existsSync("packed")) await pause(10);
});
export const order = workflow("order", async () => pack());
`;

const project = new TestProject();
const cwd = project.path;

beforeAll(() => project.touch("workflows/index.ts", workflows));
afterAll(() => project.remove());

/** What is drawn now, below the log: from its last head on. */
function drawn(terminal: Terminal): string {
  const rows = terminal.screen();
  const head = rows.findLastIndex((row) => row.startsWith("pyworkflow worker "));
  return sameEachTime(rows.slice(head).join("\n"))
    .replaceAll(/^( {2}\d) +\d+ /gm, "$1 PID ")
    .replaceAll(/^( {2}\d PID .*)[01] active/gm, "$1N active")
    .replaceAll(/\d+(?:\.\d+)? MB\b/g, "SIZE")
    .replaceAll(/\d+\.\d\/s/g, "RATE/s");
}

const onceDrawn = (terminal: Terminal, text: RegExp) => until(`${String(text)} in the picture`, () => (text.test(drawn(terminal)) ? true : undefined), { tell: () => terminal.shown() });

describe.skipIf(!hasTerminals)("worker run --ui", () => {
  test("two processes, a run, the death of its process, a narrower terminal, and the end by Ctrl+C", async () => {
    const terminal = onTerminal(["worker", "run", "--ui", "-n", "2"], { cwd, columns: 80, rows: 24, env: { NO_COLOR: "1" } });
    await onceDrawn(terminal, /1 PID online[^]*2 PID online/);
    const runId = await project.startRun("order");
    const pid = await project.pidOf("pack");
    await onceDrawn(terminal, /▸ RUN order/);
    await terminal.sees("packing a pair of shoes");
    expect(terminal.screen().join("\n")).toContain(runId);

    process.kill(pid, "SIGKILL");
    await onceDrawn(terminal, /▸ RUN order[^]*↻ RUN order running/);
    await onceDrawn(terminal, /1 PID online[^]*2 PID online/);
    expect(drawn(terminal).replaceAll(" · 1 restart", "")).toMatchSnapshot("80 columns"); // of one of them
    expect(terminal.screen().join("\n")).toMatch(/ · 1 restart$/m);

    terminal.resize({ columns: 40, rows: 16 });
    // Its rows are cut now, not broken.
    await onceDrawn(terminal, /^pyworkflow worker .*…\n {2}1 PID .*…\n {2}2 PID/);
    expect(drawn(terminal)).toMatchSnapshot("40 columns");

    // A key that means nothing, and at once the one that does.
    terminal.type(`x${keys.interrupt}`);
    await onceDrawn(terminal, /draining[^]*Ctrl\+C again/);
    project.touch("packed");
    expect(await terminal.ended).toBe(0);
    expect((await project.run(runId)).status).toBe("completed");
    // The cursor is back, the last picture stays, and the whole log stands above it.
    expect(terminal.raw().lastIndexOf("\u001B[?25h")).toBeGreaterThan(terminal.raw().lastIndexOf("\u001B[?25l"));
    expect(terminal.shown()).toContain("packing a pair of shoes for the order of a customer who waits");
  });
});
