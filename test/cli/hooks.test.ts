import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import type { JsonSchema } from "../../src/base/json.js";
import { operationIdOf, parseRunId, tokenOf } from "../../src/core/ids.js";
import { pyworkflow, type Ended } from "../support/cli.js";
import { pendingHook, type PendingHook, type PendingHookSettings } from "../support/pending-hook.js";
import { TestProject } from "../support/project.js";
import { hasTerminals, keys, onTerminal } from "../support/pty.js";

// The real command line on hooks that workers left behind, two of them made by the workflow itself.

const workflows = `import { defineHook, hook, workflow } from "pyworkflow";
import { z } from "zod";

const approval = defineHook("approval", z.object({
  approved: z.boolean(),
  reviewer: z.string().min(2).transform((name) => name.toUpperCase()),
  level: z.number().int().default(1),
  comment: z.string().optional(),
}));

export const expense = workflow("expense", async () => approval.wait({ timeout: "7d" }));
export const anything = workflow("anything", async () => hook("anything"));
`;

const project = new TestProject();
const cwd = project.path;
const run = (...args: string[]): Promise<Ended> => pyworkflow(args, { cwd });

beforeAll(() => project.touch("workflows/index.ts", workflows));
afterAll(() => project.remove());

/** A run that waits for its hook: executed by a process of its own, which has ended. */
async function startedExpense(): Promise<PendingHook> {
  const { stdout, stderr } = await run("workflows", "run", "expense", "--until", "suspended", "-o", "plain");
  const runId = parseRunId(stdout.trim());
  if (runId === undefined) throw new Error(stderr);
  return { runId, token: tokenOf(runId, operationIdOf("hook_approval", 1)) };
}

const schema: JsonSchema = {
  type: "object",
  properties: { approved: { type: "boolean" }, reviewer: { type: "string", minLength: 2 }, level: { type: "integer", default: 1 }, comment: { type: "string" } },
  required: ["approved", "reviewer"],
};

/** The same as a worker left it. */
const waitingExpense = () => waiting({ workflowName: "expense", schema, expiresAt: systemClock.now() + 86_400_000 });
/** A hook without a schema and without an end. */
const waitingAnything = () => waiting({ workflowName: "anything", name: "anything" });

function waiting(settings: Omit<PendingHookSettings, "at">): Promise<PendingHook> {
  return project.withStore((store) => pendingHook(store, { ...settings, at: systemClock.now() }));
}

const valid = '{"approved": true, "reviewer": "ada"}';

describe("hooks list, info and run", () => {
  test("json has exactly the keys of the contract", async () => {
    const { runId, token } = await startedExpense();
    const [list, info, ofRun] = await Promise.all([run("hooks", "list", "--run-id", runId, "-o", "json"), run("hooks", "info", token, "-o", "json"), run("hooks", "run", runId, "-o", "json")]);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string;
    const row = { token, hook_id: "hook_approval_1", run_id: runId, name: "approval", status: "pending", created_at: time, expires_at: time, has_schema: true };
    expect(JSON.parse(list.stdout)).toEqual([row]);
    const card = { ...row, received_at: null, payload: null, payload_schema: expect.objectContaining({ required: ["approved", "reviewer"] }) as object };
    expect([JSON.parse(info.stdout), JSON.parse(ofRun.stdout)]).toEqual([card, [card]]);
  });

  test("the card names the fields of the payload", async () => {
    const { runId } = await waitingExpense();
    const { stdout } = await run("hooks", "info", `${runId.slice(0, 28)}:hook_approval_1`);
    const lines = stdout.split("\n");
    expect(lines).toEqual(expect.arrayContaining([`Run ID: ${runId}`, "Status: pending", "reviewer\tstring\tyes\t-", "level\tinteger\tno\t1"]));
  });

  test("filters, plain tokens, a cut that is said, an empty list", async () => {
    const [first, second] = [await waitingAnything(), await waitingAnything()];
    await run("hooks", "resume", first.token, "-p", "1");
    const received = await run("hooks", "list", "--status", "received", "--run-id", first.runId, "-o", "plain");
    expect(received).toEqual({ code: 0, stdout: `${first.token}\n`, stderr: "" });
    const cut = await run("hooks", "list", "--limit", "1", "-o", "plain");
    expect([cut.stdout, cut.stderr]).toEqual([`${second.token}\n`, expect.stringContaining("The newest is shown")]);
    expect(await run("hooks", "list", "--status", "expired", "-o", "json")).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
  });

  test("an unknown hook or run ends with 4, what is no token too", async () => {
    const { runId, token } = await waitingAnything();
    const unknown = `${runId}:hook_other_1`;
    const ended = await Promise.all([run("hooks", "info", unknown), run("hooks", "run", "run_zzz"), run("hooks", "info", "approval"), run("hooks", "resume", unknown, "-p", "1"), run("hooks", "resume", `${token}:1`, "-p", "1")]);
    expect(ended.map(({ code }) => code)).toEqual([4, 4, 4, 4, 4]);
    expect(ended.map(({ stdout }) => stdout).join("")).toBe("");
  });
});

describe("hooks resume", () => {
  test("records the payload as the schema of the code gives it back, once; the run goes on", async () => {
    const { runId, token } = await startedExpense();
    const resumed = await run("hooks", "resume", token, "--payload", valid, "-o", "json");
    expect([resumed.code, JSON.parse(resumed.stdout)]).toEqual([0, { run_id: runId, hook_id: "hook_approval_1", status: "received" }]);
    expect(resumed.stderr).toContain("No live worker executes expense");

    const again = await run("hooks", "resume", token, "--payload", "{}", "-o", "json");
    expect([again.code, again.stdout]).toEqual([5, ""]);
    expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: "HOOK_ALREADY_RECEIVED" } });

    const worker = await project.runWorkers("--processes", "1").ready();
    const result = await run("runs", "wait", runId, "-o", "json", "--timeout", "20s");
    expect(JSON.parse(result.stdout)).toMatchObject({ status: "completed", result: { approved: true, reviewer: "ADA", level: 1 } });
    await worker.end();
  });

  test("takes the payload from a file and from stdin", async () => {
    writeFileSync(join(cwd, "answer.json"), valid);
    const hooks = [await waitingExpense(), await waitingExpense(), await waitingExpense()];
    const [file, at, stdin] = hooks.map(({ token }) => token);
    const ended = await Promise.all([
      run("hooks", "resume", file ?? "", "--payload-file", "answer.json"),
      run("hooks", "resume", at ?? "", "-p", "@answer.json"),
      pyworkflow(["hooks", "resume", stdin ?? "", "-p", "-"], { cwd, input: valid }),
    ]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
  });

  test.each([
    [["-p", '{"approved": "yes"}'], "INVALID_PAYLOAD", "approved: "],
    [["-p", "{approved}"], "USAGE", "--payload is no JSON"],
    [["-f", "nowhere.json"], "USAGE", "--payload-file nowhere.json can't be read"],
    [["-p", "1", "-f", "answer.json"], "USAGE", "--payload"],
    [[], "USAGE", "there is no terminal to ask at"],
  ])("refuses %j", async (flags, code, says) => {
    const { runId, token } = await waitingExpense();
    const refused = await run("hooks", "resume", token, ...flags, "-o", "json");
    expect([refused.code, refused.stdout]).toEqual([2, ""]);
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code, message: expect.stringContaining(says) as string } });
    expect((await run("runs", "logs", runId, "-o", "plain", "--filter", "received")).stdout).toBe("");
  });

  test("a token is demanded where there is no menu", async () => {
    const { code, stderr } = await run("hooks", "resume", "-p", "1");
    expect([code, stderr]).toEqual([2, expect.stringContaining("pyworkflow hooks resume TOKEN")]);
  });

  test("where the code can't be loaded, checks with the stored schema and says so", async () => {
    const { token } = await waitingExpense();
    project.touch("broken.ts", "throw new Error('not today');\n");
    const wrong = await run("hooks", "resume", token, "-p", "{}", "--module", "./broken.ts");
    expect(wrong.code).toBe(2);
    const { code, stderr } = await run("hooks", "resume", token, "-p", valid, "--module", "./broken.ts");
    expect([code, stderr]).toEqual([0, expect.stringMatching(/can't be loaded \([^)]*not today[^]*schema that was stored/)]);
    const info = await run("hooks", "info", token, "-o", "json");
    expect(JSON.parse(info.stdout)).toMatchObject({ status: "received", payload: { approved: true, reviewer: "ada", level: 1 } });
  });
});

describe.skipIf(!hasTerminals)("hooks resume on a terminal", () => {
  test("a menu of the pending hooks, a question for each field, and again for what is refused", async () => {
    const { token } = await waitingExpense();
    const newer = await waitingAnything();
    const terminal = onTerminal(["hooks", "resume"], { cwd });

    await terminal.sees("Which hook?");
    await terminal.sees(newer.token);
    await terminal.sees(`${token}  expires `);
    terminal.type(keys.down);
    await terminal.sees(`❯ ${token}`);
    terminal.type(keys.enter);
    await terminal.sees("approved (boolean)");
    terminal.type(`y${keys.enter}`);
    await terminal.sees("reviewer (string)");
    terminal.type(`a${keys.enter}`);
    await terminal.sees("level (integer, optional) (1)");
    terminal.type(keys.enter);
    await terminal.sees("comment (string, optional)");
    terminal.type(keys.enter);
    await terminal.sees("is not valid: reviewer: ");
    await terminal.sees("reviewer (string)");
    terminal.type(`ada${keys.enter}`);

    expect(await terminal.ended).toBe(0);
    expect(terminal.shown().match(/✔ approved/g)).toHaveLength(1);
    const info = await run("hooks", "info", token, "-o", "json");
    expect(JSON.parse(info.stdout)).toMatchObject({ status: "received", payload: { approved: true, reviewer: "ADA", level: 1 } });
  });

  test("a hook without a schema is asked for one value; nothing is asked of a hook that is not pending", async () => {
    const { token } = await waitingAnything();
    const terminal = onTerminal(["hooks", "resume", token], { cwd });
    await terminal.sees("payload (any)");
    terminal.type(`[1,2]${keys.enter}`);
    expect(await terminal.ended).toBe(0);
    const info = await run("hooks", "info", token, "-o", "json");
    expect(JSON.parse(info.stdout)).toMatchObject({ payload: [1, 2] });

    const again = onTerminal(["hooks", "resume", token], { cwd });
    expect(await again.ended).toBe(5);
    expect(again.shown()).not.toContain("payload (any)");
  });

  test("Ctrl+C at a question ends it with 130, and the hook still waits", async () => {
    const { token } = await waitingExpense();
    const terminal = onTerminal(["hooks", "resume", token], { cwd });
    await terminal.sees("approved (boolean)");
    terminal.type(keys.interrupt);
    expect(await terminal.ended).toBe(130);
    expect(JSON.parse((await run("hooks", "info", token, "-o", "json")).stdout)).toMatchObject({ status: "pending" });
  });
});
