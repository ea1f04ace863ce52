import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { violations } from "../support/json-schema.js";
import { TestProject } from "../support/project.js";

// Runs of one store, carried into others: with the code beside them, so that all that can be asked of a run can be asked of an imported one.

const module = `
import { existsSync } from "node:fs";
import { continueAsNew, FatalError, hook, runChild, step, workflow } from "pyworkflow";

const pack = step("pack", (what: string) => what.toUpperCase());
const pay = step("pay", () => {
  if (!existsSync("paid")) throw new FatalError("no money");
  return new Map([["paid", 5n]]);
});

export const child = workflow("packing", async (left: number): Promise<string> => (left === 0 ? pack("box") : continueAsNew(left - 1)));
export const parent = workflow("shipping", async () => [await runChild(child, 1), await hook("sent")]);
export const selling = workflow("selling", async () => [await pack("a bag"), await pay()]);
`;

let project: TestProject;
const folder = newFolder();
const ids = { selling: "", shipping: "" };

beforeAll(async () => {
  project = new TestProject();
  project.touch("workflows/index.ts", module);
  ids.selling = await project.startRun("selling");
  ids.shipping = await project.startRun("shipping");
  await here("worker", "run", "-n", "1", "--drain");
});
afterAll(async () => {
  await project.remove();
  folder.remove();
});

const here = (...args: readonly string[]): Promise<Ended> => pyworkflow(args, { cwd: project.path });
/** With the same code, and another store. */
const there = (store: string, args: readonly string[], input = ""): Promise<Ended> => pyworkflow(["--storage-path", join(folder.path, store), ...args], { cwd: project.path, input });
const list = async (store: string): Promise<string> => (await there(store, ["runs", "list", "--all", "-o", "plain"])).stdout;

describe("runs that have ended", () => {
  test("go through a file; an import again changes nothing, and all of them can be asked", async () => {
    const text = (await here("runs", "export", ids.selling)).stdout;
    expect(violations("runs-export.json", JSON.parse(text))).toEqual([]);
    const file = join(folder.path, "sold.json");
    writeFileSync(file, text);
    const taken = await there("sold.db", ["runs", "import", file, "-o", "json"]);
    expect(violations("runs-import.json", JSON.parse(taken.stdout))).toEqual([]);
    expect(JSON.parse(taken.stdout)).toEqual([{ run_id: ids.selling, workflow_name: "selling", status: "failed", action: "imported" }]);
    expect((await there("sold.db", ["runs", "import", "-"], text)).stdout).toBe(`${ids.selling}\tselling\tfailed\tunchanged\n`);
    expect((await there("sold.db", ["runs", "export", "@last"])).stdout).toBe(text);

    expect((await there("sold.db", ["runs", "why", "@last"])).stdout).toContain("no money");
    expect((await there("sold.db", ["runs", "logs", "@last"])).stdout).toBe((await here("runs", "logs", ids.selling)).stdout);
    expect(await there("sold.db", ["runs", "replay", "@last"])).toMatchObject({ code: 0 });
    project.touch("paid");
    expect(await there("sold.db", ["runs", "retry", "@last"])).toMatchObject({ code: 0 });
    expect(await there("sold.db", ["worker", "run", "-n", "1", "--drain"])).toMatchObject({ code: 0 });
    expect((await there("sold.db", ["runs", "result", "@last"])).stdout).toContain("A BAG");

    // It has gone on here since; then one that has gone another way.
    expect(await there("sold.db", ["runs", "import", file])).toMatchObject({ code: 0, stdout: `${ids.selling}\tselling\tcompleted\tahead\n` });
    const other = await there("sold.db", ["runs", "import", "-"], text.replace("no money", "no bags"));
    expect([other.code, other.stdout, other.stderr]).toEqual([5, "", expect.stringContaining("with another history")]);
    expect(await there("sold.db", ["storage", "check"])).toMatchObject({ code: 0 });
  });

  test("a bundle that was meddled with is refused whole, with the place of what is wrong", async () => {
    const bundle = JSON.parse((await here("runs", "export", ids.selling)).stdout) as { runs: { events: { type: string }[] }[] };
    Object.assign(bundle.runs[0]?.events[1] ?? {}, { type: "step.begun" });
    expect(violations("runs-export.json", bundle)).not.toEqual([]);
    const refused = await there("none.db", ["runs", "import", "-"], JSON.stringify(bundle));
    expect([refused.code, refused.stdout, refused.stderr]).toEqual([2, "", expect.stringContaining('$.runs[0].events[1].type is "step.begun"')]);
    const cut = await there("none.db", ["runs", "import", "-", "-o", "json"], '{"format": 1, "runs": [');
    expect([cut.code, cut.stdout, violations("error.json", JSON.parse(cut.stderr))]).toEqual([2, "", []]);
    expect(await list("none.db")).toBe("");
  });
});

describe("a family of which a run waits", () => {
  test("goes with --tree and --live from store to store, and ends there", async () => {
    const bundle = await here("runs", "export", ids.shipping, "--tree");
    expect(violations("runs-export.json", JSON.parse(bundle.stdout))).toEqual([]);
    expect(bundle.stderr).toContain("1 of 3 runs has not ended");
    const asked = await there("family.db", ["runs", "import", "-"], bundle.stdout);
    expect([asked.code, asked.stdout, asked.stderr]).toEqual([5, "", expect.stringContaining("--live")]);
    expect(await list("family.db")).toBe("");

    const taken = await there("family.db", ["runs", "import", "-", "--live", "-o", "plain"], bundle.stdout);
    expect(taken.stdout.trimEnd().split("\n")).toHaveLength(3);
    expect((await there("family.db", ["runs", "children", ids.shipping, "--tree"])).stdout).toContain("packing");
    const [hook] = JSON.parse((await there("family.db", ["hooks", "list", "-o", "json"])).stdout) as { token: string }[];
    expect(await there("family.db", ["hooks", "resume", String(hook?.token), "-p", '"today"'])).toMatchObject({ code: 0 });
    expect(await there("family.db", ["worker", "run", "-n", "1", "--drain"])).toMatchObject({ code: 0 });
    expect(JSON.parse((await there("family.db", ["runs", "result", ids.shipping])).stdout)).toEqual(["BOX", "today"]);
    expect(await there("family.db", ["storage", "check"])).toMatchObject({ code: 0 });
    expect((await here("runs", "status", ids.shipping, "-o", "json")).stdout).toContain('"status": "suspended"');
  });

  test("the schema of a bundle has every type of event", () => {
    const source = readFileSync("src/core/bundle/read-event.ts", "utf8");
    const schema = readFileSync("docs/cli/schema/runs-export.json", "utf8");
    const fields = [...source.matchAll(/^\s+"([a-z_]+\.[a-z_]+)":/gm)].map(([, type = ""]) => type);
    expect(fields.length).toBeGreaterThan(20);
    expect(fields.filter((type) => !schema.includes(`"${type}"`))).toEqual([]);
  });
});
