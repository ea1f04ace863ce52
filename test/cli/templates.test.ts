import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stepsInNewProject, tries } from "../../src/cli/next-steps.js";
import { newProject, type NewProjectResult } from "../../src/services/new-project.js";
import { templates, type TemplateName } from "../../src/services/templates.js";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { compiled, linkPackages } from "../support/new-project.js";
import { WorkerCommand } from "../support/project.js";

// Each template as a person gets it: written, compiled, and its next steps typed word for word while a worker runs.

class Written {
  readonly folder = newFolder();
  readonly dir = join(this.folder.path, "project");
  readonly #template: TemplateName;
  #result: NewProjectResult | undefined;
  #worker: WorkerCommand | undefined;

  constructor(template: TemplateName) {
    this.#template = template;
  }

  async write(): Promise<void> {
    this.#result = await newProject({ dir: this.dir, template: this.#template });
    linkPackages(this.dir);
  }

  /** The commands that quickstart prints, behind the one that goes into the folder. */
  get steps(): readonly string[] {
    const lines = this.#result === undefined ? [] : stepsInNewProject(this.#result).replaceAll("npx pyworkflow", "pyworkflow").split("\n");
    return lines.filter((line) => /^ {2}(?!cd )/.test(line)).map((line) => line.trim());
  }

  /** Types the steps behind `npm install` one after the other, the first of which starts the worker. */
  async type(): Promise<ReadonlyMap<string, Ended>> {
    const [, , ...rest] = this.steps;
    this.#worker = await new WorkerCommand({ path: this.dir, env: {} }, "worker", []).ready();
    const ended = new Map<string, Ended>();
    for (const step of rest) ended.set(step, await this.command(step));
    return ended;
  }

  async command(line: string, ...more: readonly string[]): Promise<Ended> {
    return pyworkflow([...wordsOf(line).slice(1), ...more], { cwd: this.dir });
  }

  async remove(): Promise<void> {
    await this.#worker?.end();
    this.folder.remove();
  }
}

// As a shell reads them: blanks part, single quotes hold together.
function wordsOf(line: string): readonly string[] {
  return Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? "");
}

describe.each(Object.values(templates))("template $name", ({ name }) => {
  const project = new Written(name);
  let typed: ReadonlyMap<string, Ended>;

  beforeAll(async () => {
    await project.write();
    typed = await project.type();
  }, 90_000);
  afterAll(() => project.remove());

  test("has next steps that work as they stand", () => {
    expect(project.steps.slice(0, 2)).toEqual(["npm install", "pyworkflow worker run"]);
    const failed = [...typed].filter(([, { code }]) => code !== 0);
    expect(failed).toEqual([]);
    expect([...typed.keys()]).toEqual(tries[name].map((words) => `pyworkflow ${words}`));
  });

  test("has a README whose commands exist, and names its workflows", async () => {
    const readme = readFileSync(join(project.dir, "README.md"), "utf8");
    const { stdout } = await project.command("pyworkflow workflows list -o plain");
    for (const workflow of stdout.trim().split("\n")) expect(readme).toContain(`\`${workflow}\``);
    const { commands } = JSON.parse(readFileSync("oclif.manifest.json", "utf8")) as { commands: Record<string, unknown> };
    const named = Array.from(readme.matchAll(/^pyworkflow (\w+ \w+)/gm), ([, command = ""]) => command.replace(" ", ":"));
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((command) => !(command in commands))).toEqual([]);
  });

  test("does what it says", async () => {
    const facts = { basic: expectPaidOrder, approval: expectPaidExpense, schedule: expectSentReport };
    await expect(facts[name]()).resolves.toBeUndefined();
  });

  async function expectPaidOrder(): Promise<void> {
    const { stdout } = await project.command("pyworkflow runs wait @last -o json");
    expect(JSON.parse(stdout)).toMatchObject({ status: "completed", result: { payment: { amount: 49.99 } } });
  }

  async function expectPaidExpense(): Promise<void> {
    expect(typed.get("pyworkflow hooks list --status pending")?.stdout).toContain("hook_decision_1");
    const { stdout } = await project.command("pyworkflow runs result @last");
    expect(JSON.parse(stdout)).toEqual({ status: "paid", approver: "grace", payment: { paid: 120 } });
    const late = await project.command("pyworkflow workflows run approve_expense --arg employee=ada --arg amount=9 --arg answerWithin=1s --wait -o json");
    expect(JSON.parse(late.stdout)).toMatchObject({ result: { status: "expired" } });
  }

  async function expectSentReport(): Promise<void> {
    expect(typed.get("pyworkflow schedules list")?.stdout).toContain("auto_check_health");
    expect((await project.command("pyworkflow runs wait @last")).code).toBe(0);
    const ticks = await project.command("pyworkflow schedules ticks auto_sales_report -o json");
    expect(JSON.parse(ticks.stdout)).toMatchObject([{ kind: "trigger", decision: "fired" }]);
    const { stdout } = await project.command("pyworkflow runs list --workflow sales_report -o json");
    expect(JSON.parse(stdout)).toMatchObject([{ status: "completed" }]);
    expect(readFileSync(join(project.dir, "reports.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
  }
});

// One compiler for all of them: it takes seconds to read the types of Node.
test("they compile under tsc --strict", { timeout: 120_000 }, async () => {
  const folder = newFolder();
  const names = Object.values(templates).map(({ name }) => name);
  for (const name of names) await newProject({ dir: join(folder.path, name), template: name });
  linkPackages(folder.path);
  const settings = JSON.parse(readFileSync(join(folder.path, "basic/tsconfig.json"), "utf8")) as { compilerOptions: { strict: boolean }; include: string[] };
  expect(settings).toMatchObject({ compilerOptions: { strict: true }, include: ["workflows"] });
  writeFileSync(join(folder.path, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder.path, "tsconfig.json"), JSON.stringify({ ...settings, include: names.map((name) => `${name}/workflows`) }));

  expect(await compiled(folder.path)).toBe("");
  folder.remove();
});
