import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { proposeModules } from "../../src/services/propose-modules.js";
import { overruling, planSetup, readSetup, writeSetup } from "../../src/services/setup.js";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";
import { violations } from "../support/json-schema.js";
import { linkPackages } from "../support/new-project.js";
import { hasTerminals, keys, onTerminal, type Terminal } from "../support/pty.js";

const flow = 'import { workflow } from "pyworkflow";\nexport const ship = workflow({ name: "ship" }, async () => "shipped");\n';
const config = "pyworkflow.config.yaml";
const mine = "# mine\nmodule: ./src/flows.ts   # all of them\nworker: { concurrency: 7 }\n";
let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
  write("package.json", '{ "type": "module" }\n');
});
afterEach(() => folder.remove());

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder.path, path)), { recursive: true });
  writeFileSync(join(folder.path, path), text);
}

function read(path: string): string {
  return readFileSync(join(folder.path, path), "utf8");
}

function setup(...flags: readonly string[]): Promise<Ended> {
  return pyworkflow(["setup", ...flags], { cwd: folder.path });
}

describe("setup without a terminal", () => {
  test("a project without a configuration gets one that works; a second time changes nothing", async () => {
    write("src/workflows/ship.ts", flow);
    linkPackages(folder.path);
    const dry = await setup("--non-interactive", "--dry-run");
    expect([dry.code, existsSync(join(folder.path, config))]).toEqual([0, false]);
    expect(dry.stdout).toContain("+ modules: ./src/workflows\n+ storage.backend: sqlite\n");

    const { code, stdout } = await setup("--non-interactive", "-o", "json");
    const told: unknown = JSON.parse(stdout);
    expect([code, violations("setup.json", told)]).toEqual([0, []]);
    expect(told).toMatchObject({ action: "created", backup: null, dry_run: false, changes: [{ key: "modules", before: null, after: ["./src/workflows"] }, {}, {}] });
    expect(read(config)).toContain("module: ./src/workflows\n");

    const again = await setup("--non-interactive");
    expect([again.code, again.stdout]).toEqual([0, `unchanged\t${config}\n`]);
    expect(again.stderr).toContain("Nothing to change.");
    expect(again.stderr).not.toContain("npm install");

    const check = await setup("--check", "-o", "json");
    expect([check.code, violations("setup.json", JSON.parse(check.stdout))]).toEqual([0, []]);
    expect(JSON.parse(check.stdout)).toMatchObject([{ check: "node" }, { check: "sqlite" }, { check: "config" }, { check: "modules", message: "./src/workflows: 1 workflow" }, { check: "storage", status: "ok" }]);
    const broken = await setup("--check", "--module", "./nowhere");
    expect([broken.code, broken.stdout]).toEqual([1, expect.stringContaining("failure\tmodules\t")]);
  });

  test("one's own file keeps its comments and its mode, from any folder below; the old text is beside it", async () => {
    write(config, mine);
    chmodSync(join(folder.path, config), 0o600);
    write("src/flows.ts", flow);
    const call = (...flags: string[]) => pyworkflow(["setup", "--non-interactive", "--storage-path", "../data/runs.db", ...flags], { cwd: join(folder.path, "src"), env: { PYWORKFLOW_STORAGE_PATH: "/else.db" } });
    const [mute, dry] = await Promise.all([call(), call("--dry-run", "-o", "json")]);
    expect([mute.code, mute.stdout, mute.stderr]).toEqual([2, "", expect.stringContaining(`${config} would change\n  --yes changes it`)]);
    expect(JSON.parse(dry.stdout)).toEqual({ path: realpathSync(join(folder.path, config)), action: "replaced", backup: null, changes: [{ key: "storage.path", before: null, after: "./data/runs.db" }], dry_run: true });
    expect(readdirSync(folder.path).filter((name) => name.startsWith(config))).toEqual([config]);
    const { code, stdout, stderr } = await call("--yes");
    expect([code, stdout]).toEqual([0, expect.stringContaining(`replaced\t`)]);
    expect(read(config)).toBe(`${mine}storage: { path: ./data/runs.db }\n`);
    expect([read(`${config}.backup`), statSync(join(folder.path, config)).mode % 0o1000]).toEqual([mine, 0o600]);
    expect(stderr).toContain("\n+ storage: { path: ./data/runs.db }\n");
    expect(stderr).toContain("PYWORKFLOW_STORAGE_PATH is set, and wins over the file.");
  });

  test("what can't be is refused with its place, and nothing is written", async () => {
    const none = await setup("--non-interactive");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("pyworkflow quickstart writes a project")]);
    write("flows.ts", flow);
    const mute = await setup();
    expect([mute.code, mute.stderr]).toEqual([2, expect.stringContaining("--non-interactive takes the answers")]);
    const [memory, url, place, module] = await Promise.all([
      setup("--non-interactive", "--storage", "memory"),
      setup("--non-interactive", "--storage-path", "postgres://host/db"),
      setup("--non-interactive", "--storage-path", "."),
      setup("--non-interactive", "--module", "./flaws.ts"),
    ]);
    expect([memory, url, place, module].map(({ code }) => code)).toEqual([2, 1, 1, 1]);
    expect(place.stderr).toContain("--storage-path: . is a folder");
    expect(module.stderr).toContain("did you mean flows.ts?");
    expect(readdirSync(folder.path).filter((name) => name.startsWith(config))).toEqual([]);

    write(config, "modul: ./flows.ts\n");
    const broken = await setup("--non-interactive");
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining(`${config}:1:1: there is no key modul`)]);
    expect(read(config)).toBe("modul: ./flows.ts\n");
  });

  test("a configuration that is a program is shown what to export", async () => {
    write("flows.ts", flow);
    write("pyworkflow.config.mjs", 'export default { module: "./flows.ts" };\n');
    const refused = await setup("--non-interactive", "--storage-path", "runs.db");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('storage.path: "./runs.db"')]);
    expect((await setup("--non-interactive")).code).toBe(0);
  });
});

test("a file that somebody changed meanwhile is left alone", async () => {
  write(config, mine);
  const present = await readSetup({ cwd: folder.path, env: {}, flags: {} });
  const plan = await planSetup(present, { modules: ["./other.ts"], storagePath: "./pyworkflow_data/pyworkflow.db" });
  expect(plan.changes).toEqual([{ key: "modules", before: ["./src/flows.ts"], after: ["./other.ts"] }]);
  write(config, "module: ./theirs.ts\n");
  await expect(writeSetup(plan)).rejects.toThrow("changed by somebody else");
  expect(read(config)).toBe("module: ./theirs.ts\n");
  expect(overruling({ PYWORKFLOW_MODULE: "", PYWORKFLOW_RUNTIME: "local", PYWORKFLOW_OUTPUT: "json" })).toEqual(["PYWORKFLOW_RUNTIME"]);
});

test("modules are proposed by what makes workflows: no tests, no packages, no program that only starts them", async () => {
  for (const path of ["node_modules/x/flow.ts", "dist/flow.js", "lib/ship.test.ts", "lib/ship.ts", "lib/send.js", ".cache/a.ts"]) write(path, flow);
  write("server.ts", 'import { openEngine } from "pyworkflow";\nawait openEngine();\n');
  expect(await proposeModules(folder.path)).toEqual([["./lib/send.js", "./lib/ship.ts"], ["./lib/send.js"], ["./lib/ship.ts"]]);
  for (const path of ["workflows/index.ts", "src/workflows/a.ts"]) write(path, flow);
  expect((await proposeModules(folder.path)).slice(0, 2)).toEqual([["./workflows"], ["./src/workflows"]]);
});

describe.skipIf(!hasTerminals)("setup on a terminal", () => {
  test.each([80, 40])("asks, shows what changes, and writes after a yes (%i columns)", async (columns) => {
    write(config, mine);
    write("src/flows.ts", flow);
    write("workflows/ship.ts", flow);
    linkPackages(folder.path);
    const terminal = onTerminalOf(columns);
    await terminal.sees("Where are the workflows?");
    expect(terminal.screen().join("\n")).toMatchSnapshot("the menu");
    terminal.type(keys.down + keys.enter);
    await terminal.sees("Database file");
    terminal.type(`postgres://x${keys.enter}`);
    await terminal.sees("is a URL");
    terminal.type(`\u0015runs.db${keys.enter}`);
    await terminal.sees("Write it, keeping a backup?");
    terminal.type(keys.enter);
    expect(await terminal.ended).toBe(0);
    expect(terminal.screen().join("\n")).toMatchSnapshot("the end");
    expect(read(config)).toBe(`${mine.replace("./src/flows.ts", "./workflows")}storage: { path: ./runs.db }\n`);
  });

  test("Ctrl+C and No leave all as it was", async () => {
    write(config, mine);
    write("src/flows.ts", flow);
    const interrupted = onTerminalOf(80);
    await interrupted.sees("Where are the workflows?");
    interrupted.type(keys.enter);
    await interrupted.sees("Database file");
    interrupted.type(keys.interrupt);
    expect(await interrupted.ended).toBe(130);

    const no = onTerminalOf(80, "--module", "./src/flows.ts", "--storage-path", "runs.db");
    await no.sees("Write it, keeping a backup?");
    no.type(`n${keys.enter}`);
    expect(await no.ended).toBe(0);
    expect(no.shown()).toContain("Nothing was changed.");
    expect(read(config)).toBe(mine);
    expect(readdirSync(folder.path).toSorted()).toEqual(["package.json", config, "src"]);
  });
});

function onTerminalOf(columns: number, ...flags: readonly string[]): Terminal {
  return onTerminal(["setup", ...flags], { cwd: folder.path, columns, rows: 40, env: { NO_COLOR: "1" } });
}
