import { describe, expect, test } from "vitest";
import { z } from "zod";
import { decode } from "../../src/base/codec.js";
import { defaults } from "../../src/core/defaults.js";
import { definitionOf, type Declaration } from "../../src/core/schedule/definition.js";
import { declarationsOf } from "../../src/engine/declarations.js";
import { InvalidDefinitionError, scheduledWorkflow, workflow } from "../../src/index.js";
import type { ScheduledWorkflowOptions, WorkflowDefinition, WorkflowOptions } from "../../src/index.js";

const nothing = async (): Promise<void> => {};
const config = { recovery: defaults.recovery, limits: defaults.limits };

async function declared(definition: WorkflowDefinition) {
  const [declaration] = await declarationsOf([definition], config);
  return { ...declaration, input: declaration?.schedule && decode(declaration.schedule.input) };
}

describe("a schedule that can't be is refused where it is defined", () => {
  let count = 0;
  const cases: readonly { what: string; schedule: unknown; says: readonly string[] }[] = [
    { what: "a bad field", schedule: { cron: "0 25 * * *" }, says: ["cron: ", "hour"] },
    { what: "nothing that says when", schedule: {}, says: ["its schedule can't be: nothing says when it is due", "cron, interval, calendar, at"] },
    { what: "two that say when", schedule: { cron: "* * * * *", interval: "1h" }, says: ["interval: cron says already"] },
    { what: "a mistyped option", schedule: { cron: "* * * * *", timezon: "UTC" }, says: ["timezon: ", "did you mean timezone?"] },
    { what: "a mistyped policy", schedule: { cron: "* * * * *", overlapPolicy: "buffer_on" }, says: ["overlapPolicy: ", "buffer_one"] },
    { what: "an unknown zone", schedule: { cron: "* * * * *", timezone: "Europe/Berlni" }, says: ["timezone: ", "Europe/Berlin"] },
    { what: "a day that never comes", schedule: { cron: "0 0 30 2 *" }, says: ["never comes"] },
    { what: "bounds without a due time", schedule: { cron: "0 0 1 1 *", startAt: "2020-01-02", endAt: "2020-06-01" }, says: ["nothing is due"] },
    { what: "a text", schedule: "0 0 * * *", says: ["its schedule is '0 0 * * *'", "schedule: {"] },
  ];

  test.each(cases)("$what", ({ schedule, says }) => {
    const error = thrownBy(() => workflow({ name: `declarations.bad_${count++}`, schedule } as WorkflowOptions, nothing));
    expect(error).toBeInstanceOf(InvalidDefinitionError);
    const { message, hint } = error as InvalidDefinitionError;
    expect(message).toMatch(/declarations\.test\.ts:\d+:\d+: workflow declarations\.bad_\d+ can't be defined: its schedule/);
    for (const said of says) expect(`${message} ${hint}`).toContain(said);
  });

  test("a time that has passed is none of these: the code of an old project still loads", () => {
    expect(() => workflow({ name: "declarations.once", schedule: { at: "2001-01-01" } }, nothing)).not.toThrow();
    expect(() => workflow({ name: "declarations.ended", schedule: { cron: "* * * * *", endAt: new Date("2001-01-01T00:00:00Z") } }, nothing)).not.toThrow();
    expect(() => workflow({ name: "declarations.hourly", schedule: { interval: "1h", endAt: "2001-01-01" } }, nothing)).not.toThrow();
  });
});

describe("what a definition declares", () => {
  test("all settings of its runs, resolved; and no schedule where there is none", async () => {
    const settled = workflow({ name: "declarations.plain", durable: false, tags: ["a"], maxDuration: "1m" }, nothing);
    expect(await declarationsOf([settled], config)).toEqual([
      { settings: { workflowName: "declarations.plain", durable: false, tags: ["a"], maxDurationMs: 60_000, recoverOnWorkerLoss: false, maxRecoveryAttempts: 3 } },
    ]);
  });

  test("its schedule, as JSON that says the same", async () => {
    const startAt = new Date("2026-03-01T08:00:00Z");
    const options = { interval: "90m", startAt, timezone: "Europe/Berlin", overlapPolicy: "buffer_all", catchup: "all", catchupWindow: "2h", jitter: 30, description: "often" } as const;
    const [declaration] = await declarationsOf([workflow({ name: "declarations.full", schedule: { ...options, input: { day: 1 } } }, async (input: { day: number }) => void input)], config);
    const told = JSON.parse(JSON.stringify(declaration)) as Required<Declaration>;
    expect(told).toEqual(declaration);
    const { settings, schedule } = told;
    expect(decode(schedule.input)).toEqual({ day: 1 });
    const parts = { settings, input: schedule.input, createdAt: 0 };
    expect(definitionOf(schedule.options, parts)).toEqual(definitionOf(options, parts));
  });

  test("an input that the schema completes", async () => {
    const input = z.object({ city: z.string().default("Bern"), day: z.number().optional() });
    expect(await declared(workflow({ name: "declarations.filled", input, schedule: { cron: "@daily" } }, async () => {}))).toMatchObject({ input: { city: "Bern" } });
  });

  test("no input where the schema has no fields, or there is no schema", async () => {
    const free = await declared(workflow({ name: "declarations.free", schedule: { cron: "@daily" } }, nothing));
    const text = await declared(workflow({ name: "declarations.text", input: z.string().default("x"), schedule: { cron: "@daily" } }, async () => {}));
    expect([free.input, text.input]).toEqual([undefined, "x"]);
  });

  test("an input that the workflow does not take is refused with the workflow, the field and the place", async () => {
    const strict = workflow({ name: "declarations.strict", input: z.object({ city: z.string() }), schedule: { cron: "@daily" } }, async () => {});
    const error: unknown = await declarationsOf([strict], config).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidDefinitionError);
    expect((error as InvalidDefinitionError).message).toMatch(/declarations\.test\.ts:\d+:\d+: the schedule of workflow declarations\.strict can't start it: .*city/s);
    expect(error).toMatchObject({ cause: { code: "INVALID_INPUT" } });
  });

  test("an input that can't be stored is refused as well", async () => {
    const bad = workflow({ name: "declarations.unstorable", schedule: { cron: "@daily", input: { call: () => 1 } } }, async (input: object) => void input);
    await expect(declarationsOf([bad], config)).rejects.toMatchObject({ code: "INVALID_DEFINITION", cause: { code: "NOT_STORABLE" } });
  });
});

describe("scheduledWorkflow()", () => {
  test("is the workflow and its schedule in one", () => {
    const definition = scheduledWorkflow({ name: "declarations.flat", description: "of the workflow", tags: ["x"], cron: "0 9 * * 1-5", timezone: "Europe/Berlin", overlapPolicy: "buffer_one" }, nothing);
    const { schedule, ...options } = definition.options;
    expect(options).toEqual({ name: "declarations.flat", description: "of the workflow", tags: ["x"] });
    expect(schedule).toEqual({ cron: "0 9 * * 1-5", timezone: "Europe/Berlin", overlapPolicy: "buffer_one" });
    expect(definition.place).toContain("declarations.test.ts:");
  });

  test.each([
    { what: "a name in the place of the options", options: "declarations.name", says: "it is given 'declarations.name'; write scheduledWorkflow({" },
    { what: "no options at all", options: undefined, says: "it is given undefined; write scheduledWorkflow({" },
    { what: "nothing that says when", options: { name: "declarations.never" }, says: "nothing says when it is due" },
    { what: "a mistyped option", options: { name: "declarations.typo", cron: "@daily", timezne: "UTC" }, says: "it has an option timezne; did you mean timezone?" },
    { what: "an option of workflow() alone", options: { name: "declarations.both", cron: "@daily", schedule: { cron: "@daily" } }, says: "it has an option schedule" },
  ])("refuses $what", ({ options, says }) => {
    const error = thrownBy(() => scheduledWorkflow(options as ScheduledWorkflowOptions, nothing));
    expect(error).toBeInstanceOf(InvalidDefinitionError);
    const { message, hint } = error as InvalidDefinitionError;
    expect(`${message}; ${hint}`).toContain(says);
  });
});

function thrownBy(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
}
