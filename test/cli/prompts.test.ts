import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { RunId } from "../../src/core/ids.js";
import type { Backend } from "../../src/storage/backend.js";
import { workflow } from "../../src/engine/define.js";
import { createSchedule } from "../../src/services/create-schedule.js";
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
    terminal.type(`Elm Street 5${keys.enter}`);
    await terminal.sees("weight (number)");
    terminal.type(`heavy${keys.enter}`);
    await terminal.sees(/heavy\s+.*You must provide/s);
    expect(picture(terminal)).toMatchSnapshot("a wrong answer");
    terminal.type(`${"\u007F".repeat(5)}2.5${keys.enter}`);
    await terminal.sees("parcels (integer, optional)");
    terminal.type(keys.enter);
    await terminal.sees("insured (boolean, optional)");
    terminal.type(`n${keys.enter}`);
    await terminal.sees("speed (string)");
    terminal.type(keys.down + keys.enter);
    await terminal.sees("marks (array as JSON, optional)");
    terminal.type(`["fragile"]${keys.enter}`);
    await terminal.sees("note (string, optional)");
    terminal.type(keys.enter);

    expect(await terminal.ended).toBe(0);
    expect(picture(terminal)).toMatchSnapshot("the end");
    expect(await json("runs", "result", "@last")).toEqual({ address: "Elm Street 5", weight: 2.5, parcels: 1, insured: false, speed: "fast", marks: ["fragile"] });
  });
});
