import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pyworkflow, type Ended } from "../support/cli.js";
import { TestProject } from "../support/project.js";

// Without workers: `workflows run --wait` and `worker run --drain` execute what is due, each in a process of its own.

const module = `
import { appendFileSync, readFileSync } from "node:fs";
import { runChild, step, workflow } from "pyworkflow";
import { z } from "zod";

const act = step("act", (what: string) => {
  appendFileSync("effects.txt", what + " " + process.pid + "\\n");
  return what;
});
const read = step({ name: "read", maxRetries: 0 }, (name: string) => {
  appendFileSync("effects.txt", "read " + process.pid + "\\n");
  return readFileSync(name, "utf8");
});

export const reading = workflow({ name: "reading", input: z.object({ file: z.string(), to: z.string().default("nobody") }) }, async ({ file, to }) => {
  return [await act("first"), await act("to " + to), await read(file), await act("last")];
});
export const refunding = workflow("refunding", async () => {
  await act("charge");
  try {
    return await read("parcel.txt");
  } catch (error) {
    await act("refund");
    throw error;
  }
});
export const parent = workflow("parent", async () => [await runChild(reading, { file: "parcel.txt" }), await act("parent")]);
`;

let project: TestProject;
beforeEach(() => {
  project = new TestProject();
  project.touch("workflows/index.ts", module);
});
afterEach(() => project.remove());

const cli = (...args: readonly string[]): Promise<Ended> => pyworkflow(args, { cwd: project.path });
const drain = () => cli("worker", "run", "-n", "1", "--drain");
const did = () => project.effects().map(({ what }) => what);

async function json<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await cli(...args, "-o", "json");
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(stderr);
  }
}

interface Row {
  readonly run_id: string;
  readonly status: string;
  readonly reset: readonly string[];
}

/** A run that failed for want of `parcel.txt`. */
async function failedRun(workflow: string, ...input: readonly string[]): Promise<string> {
  const { run_id, status } = await json<Row>("workflows", "run", workflow, "--wait", ...input);
  expect(status).toBe("failed");
  return run_id;
}

describe("runs retry", () => {
  test("a run that failed for want of a file completes when the file is there; its first steps don't run again", async () => {
    const id = await failedRun("reading", "--arg", "file=parcel.txt");
    project.touch("parcel.txt", "the parcel");
    const { code, stdout, stderr } = await cli("runs", "retry", "@last");
    expect([code, stdout]).toEqual([0, `${id}\tsuspended\tstep_read_1\n`]);
    expect(stderr).toContain("No live worker executes reading");
    await drain();
    expect(await json("runs", "result", id)).toEqual(["first", "to nobody", "the parcel", "last"]);
    expect(did()).toEqual(["first", "to nobody", "read", "read", "last"]);
  });

  test("a run whose catch block made a refund reads again, and makes none", async () => {
    const id = await failedRun("refunding");
    project.touch("parcel.txt", "the parcel");
    expect(await json("runs", "retry", id)).toEqual({ run_id: id, workflow_name: "refunding", status: "suspended", reset: ["step_read_1", "step_act_2"] });
    await drain();
    expect(await json("runs", "result", id)).toBe("the parcel");
    expect(did()).toEqual(["charge", "read", "refund", "read"]);
  });

  test("a child whose failure its parent was told of is refused, and the hint names the parent, which starts it anew", async () => {
    const id = (await json<Row>("workflows", "run", "parent")).run_id;
    await drain();
    const [child] = await json<readonly Row[]>("runs", "list", "--status", "failed", "--workflow", "reading");
    const refused = await cli("runs", "retry", child?.run_id ?? "");
    expect(refused).toMatchObject({ code: 5, stdout: "" });
    expect(refused.stderr).toContain(`pyworkflow runs retry ${id}`);
    project.touch("parcel.txt", "the parcel");
    expect(await json<Row>("runs", "retry", id)).toMatchObject({ reset: ["child_reading_1"] });
    await drain();
    expect(await json("runs", "result", id)).toEqual([["first", "to nobody", "the parcel", "last"], "parent"]);
  });

  test("several at once: those that can be taken up are, and the exit code tells that one could not", async () => {
    const first = await failedRun("refunding");
    const pending = (await json<Row>("workflows", "run", "refunding")).run_id;
    const { code, stdout, stderr } = await cli("runs", "retry", pending, first, "-o", "json");
    expect([code, JSON.parse(stdout)]).toMatchObject([5, [{ run_id: first, status: "suspended" }]]);
    expect(stderr).toContain(`run ${pending} can't be retried: it is pending`);
    expect(await cli("runs", "retry", "run_zzz")).toMatchObject({ code: 4 });
  });
});

describe("runs rerun", () => {
  test("--from-step reuses what came before; --dry-run tells, and starts nothing", async () => {
    const id = await failedRun("reading", "--arg", "file=parcel.txt");
    const asked = ["runs", "rerun", id, "--from-step", "step_read_1"] as const;
    expect(await json(...asked, "--dry-run")).toEqual({ run_id: null, workflow_name: "reading", status: "suspended", rerun_of: id, executes_again: ["step_read_1"], dry_run: true });
    expect(await cli(...asked, "--dry-run", "-o", "plain")).toMatchObject({ code: 0, stdout: "step_read_1\n" });
    expect(await json<readonly Row[]>("runs", "list")).toHaveLength(1);

    project.touch("parcel.txt", "the parcel");
    const again = await cli(...asked);
    expect(again.stdout).toMatch(new RegExp(`^Run ID: run_\\w+\nWorkflow: reading\nStatus: suspended\nRerun of: ${id}\nExecutes again:\n  step_read_1\n$`));
    await drain();
    expect(await json("runs", "result", "@last")).toEqual(["first", "to nobody", "the parcel", "last"]);
    expect(did()).toEqual(["first", "to nobody", "read", "read", "last"]);
    expect(await json<Row>("runs", "status", id)).toMatchObject({ status: "failed" });
  });

  test("--arg changes a field of the input, --args-json all of it; what the schema refuses starts nothing", async () => {
    const id = await failedRun("reading", "--arg", "file=parcel.txt", "--arg", "to=Ada");
    const inputOf = async ({ run_id }: Row) => (await json<{ input: unknown }>("runs", "status", run_id)).input;
    expect(await inputOf(await json<Row>("runs", "rerun", id, "--arg", "to=Bo"))).toEqual({ file: "parcel.txt", to: "Bo" });
    expect(await inputOf(await json<Row>("runs", "rerun", id, "--args-json", '{"file": "other.txt"}'))).toEqual({ file: "other.txt", to: "nobody" });
    expect(await cli("runs", "rerun", id, "--args-json", '{"file": 5}')).toMatchObject({ code: 2, stderr: expect.stringContaining("file") });
    expect(await cli("runs", "rerun", id, "--arg", "tu=Bo")).toMatchObject({ code: 2, stderr: expect.stringContaining("did you mean to?") });
    expect(await json<readonly Row[]>("runs", "list")).toHaveLength(3);
  });

  test("another input that contradicts what is reused is refused, and names the first operation; so is the dry run", async () => {
    const id = await failedRun("reading", "--arg", "file=parcel.txt", "--arg", "to=Ada");
    const asked = ["runs", "rerun", id, "--arg", "to=Bo", "--from-step"] as const;
    for (const more of [[], ["--dry-run"]]) {
      expect(await cli(...asked, "step_read_1", ...more)).toMatchObject({ code: 5, stdout: "", stderr: expect.stringContaining("first at step_act_2") });
    }
    expect(await json<readonly Row[]>("runs", "list")).toHaveLength(1);
    expect(await json<Row>(...asked, "step_act_2")).toMatchObject({ status: "suspended" });
    expect((await cli("runs", "status", "@last")).stdout).toContain("Waiting for: a worker: none is alive that serves it\n");
  });

  test("an unknown step is exit code 4, with the nearest", async () => {
    const id = await failedRun("refunding");
    expect(await cli("runs", "rerun", id, "--from-step", "step_raed_1")).toMatchObject({ code: 4, stderr: expect.stringContaining("did you mean step_read_1?") });
  });
});
