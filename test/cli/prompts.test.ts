import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { workflow } from "../../src/engine/define.js";
import { createSchedule } from "../../src/services/create-schedule.js";
import type { Backend } from "../../src/storage/backend.js";
import { pyworkflow } from "../support/cli.js";
import { pendingHook } from "../support/pending-hook.js";
import { picture } from "../support/picture.js";
import { TestProject } from "../support/project.js";
import { hasTerminals, keys, onTerminal, type Terminal } from "../support/pty.js";

// Whatever the commands ask people, on terminals of two widths; what quickstart and setup ask is in their own tests.

const workflows = `import { defineHook, workflow } from "pyworkflow";
import { z } from "zod";

const approval = defineHook("approval", z.object({ approved: z.boolean(), reviewer: z.string().min(2), level: z.number().int().default(1) }));

export const ship = workflow({ name: "ship", description: "Send a parcel", input: z.object({
  address: z.string().min(3),
  weight: z.number(),
  parcels: z.number().int().default(1),
  insured: z.boolean().default(true),
  speed: z.enum(["slow", "fast"]),
  marks: z.array(z.string()).default([]),
  note: z.string().optional(),
}) }, async (input) => input);
export const expense = workflow({ name: "expense", description: "Ask for the money that was spent on a journey" }, async () => approval.wait());
`;

const project = new TestProject();
const cwd = project.path;
const widths = [80, 40] as const;

beforeAll(() => project.touch("workflows/index.ts", workflows));
afterAll(() => project.remove());

const ask = (columns: number, ...args: readonly string[]): Terminal => onTerminal(args, { cwd, columns, rows: 30, env: { NO_COLOR: "1" } });

async function json(...args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await pyworkflow([...args, "-o", "json"], { cwd });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as unknown;
}

describe.skipIf(!hasTerminals)("workflows run", () => {
  test.each(widths)("a menu, then a question for each field, in its type; what can't be is refused at once (%i columns)", async (columns) => {
    const terminal = ask(columns, "workflows", "run");
    await terminal.sees("Which workflow?");
    await terminal.sees("ship  Send a parcel");
    expect(picture(terminal)).toMatchSnapshot("the menu");
    terminal.type(keys.down + keys.enter);

    await terminal.sees("address (string)");
    terminal.type(keys.enter);
    await terminal.sees("You must provide a value");
    terminal.type(`5${keys.enter}`);
    await terminal.sees("weight (number)");
    terminal.type(`heavy${keys.enter}`);
    await terminal.sees("a valid numeric value");
    expect(picture(terminal)).toMatchSnapshot("a wrong answer");
    terminal.type(`${keys.erase.repeat(5)}2.5${keys.enter}`);
    await terminal.sees("parcels (integer, optional)");
    terminal.type(keys.enter);
    await terminal.sees("insured (boolean, optional)");
    terminal.type(`n${keys.enter}`);
    await terminal.sees("speed (string)");
    terminal.type(keys.down + keys.enter);
    await terminal.sees("marks (array as JSON, optional)");
    terminal.type(`fragile${keys.enter}`);
    await terminal.sees("This is no JSON");
    terminal.type(`${keys.erase.repeat(7)}["fragile"]${keys.enter}`);
    await terminal.sees("note (string, optional)");
    terminal.type(keys.enter);
    // What the schema refuses is asked for again, and nothing else.
    await terminal.sees(/is not valid: address[^]*\? address/);
    terminal.type(`Elm Street 5${keys.enter}`);

    expect(await terminal.ended).toBe(0);
    expect(picture(terminal)).toMatchSnapshot("the end");
    expect(await json("runs", "result", "@last")).toEqual({ address: "Elm Street 5", weight: 2.5, parcels: 1, insured: false, speed: "fast", marks: ["fragile"] });
  });

  test("Ctrl+C at a question leaves nothing behind; flags leave none to be asked", async () => {
    const [terminal, flagged] = [ask(40, "workflows", "run", "ship", "--storage-path", "none.db"), ask(40, "workflows", "run", "ship", "--arg", "weight=1", "--storage-path", "none.db")];
    await terminal.sees("address (string)");
    terminal.type(keys.interrupt);
    expect([await terminal.ended, await flagged.ended]).toEqual([130, 2]);
    expect(picture(terminal)).toMatchSnapshot("interrupted");
    expect(flagged.shown()).not.toContain("?");
    expect(project.has("none.db")).toBe(false);
  });
});

describe.skipIf(!hasTerminals)("hooks resume", () => {
  test.each(widths)("a menu of those that are pending, a question for each field of the stored schema, and again for what is refused (%i columns)", async (columns) => {
    const schema = { type: "object", properties: { approved: { type: "boolean" }, reviewer: { type: "string", minLength: 2 }, level: { type: "integer", default: 1 } }, required: ["approved", "reviewer"] };
    const { token } = await project.withStore((store) => pendingHook(store, { at: systemClock.now(), workflowName: "expense", schema, expiresAt: systemClock.now() + 86_400_000 }));
    const terminal = ask(columns, "hooks", "resume");
    await terminal.sees("Which hook?");
    await terminal.sees("select");
    expect(picture(terminal)).toMatchSnapshot("the menu");
    terminal.type(keys.enter);
    await terminal.sees("approved (boolean)");
    terminal.type(`y${keys.enter}`);
    await terminal.sees("reviewer (string)");
    terminal.type(`a${keys.enter}`);
    await terminal.sees("level (integer, optional)");
    terminal.type(keys.enter);
    await terminal.sees(/is not valid: reviewer[^]*\? reviewer/);
    // Behind the token: at 40 columns it is broken in the middle of an id.
    expect(picture(terminal).replace(/^[^]*?(?=✔ approved)/, "")).toMatchSnapshot("a wrong answer");
    terminal.type(`ada${keys.enter}`);
    expect(await terminal.ended).toBe(0);
    expect(await json("hooks", "info", token)).toMatchObject({ status: "received", payload: { approved: true, reviewer: "ada", level: 1 } });
  });
});

describe.skipIf(!hasTerminals)("before anything is deleted, cancelled or started in numbers", () => {
  const at = systemClock.now() - 3 * 86_400_000;
  beforeAll(() => project.withStore(fill));

  async function fill(backend: Backend): Promise<void> {
    for (let nth = 0; nth < 3; nth++) {
      const { runId } = await pendingHook(backend, { at: at + nth, workflowName: "old" });
      if (nth > 0) await backend.commit([{ runId, seen: 0, events: [{ type: "workflow.cancelled", at: at + nth, cleanupCompleted: true }] }]);
    }
    const store = { backend, clock: systemClock, config: { recovery: { recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 } } };
    await createSchedule(store, { workflow: workflow("nightly", async () => "done"), options: { cron: "0 3 * * *" }, input: encode(undefined), scheduleId: "clean-up-of-the-night" });
  }

  const questions: readonly (readonly [string, readonly string[]])[] = [
    ["runs cancel", ["--workflow", "old"]],
    ["runs prune", ["--older-than", "1d"]],
    ["schedules delete", ["clean-up-of-the-night"]],
    ["schedules backfill", ["clean-up-of-the-night", "--start", "2026-01-01", "--end", "2026-07-01"]],
  ];

  test.each(widths)("it is asked, and Enter changes nothing (%i columns)", async (columns) => {
    const terminals = questions.map(([command, flags]) => ask(columns, ...command.split(" "), ...flags));
    await Promise.all(terminals.map((terminal) => terminal.sees("(y/N)")));
    for (const terminal of terminals) terminal.type(keys.enter);
    expect(await Promise.all(terminals.map(({ ended }) => ended))).toEqual(questions.map(() => 0));
    expect(terminals.map(picture).join("\n---\n")).toMatchSnapshot();
  });

  test("Ctrl+C changes nothing either, and y does it", async () => {
    const before = await json("runs", "list", "--all");
    const interrupted = ask(80, "runs", "prune", "--older-than", "1d");
    await interrupted.sees("(y/N)");
    interrupted.type(keys.interrupt);
    expect(await interrupted.ended).toBe(130);
    expect(await json("runs", "list", "--all")).toEqual(before);
    const agreed = ask(40, "runs", "prune", "--older-than", "1d");
    await agreed.sees("(y/N)");
    agreed.type(`y${keys.enter}`);
    expect(await agreed.ended).toBe(0);
    expect(picture(agreed)).toMatchSnapshot("pruned");
    expect(await json("runs", "list", "--workflow", "old")).toHaveLength(1);
  });
});
