import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { newFolder, pyworkflow, type Ended } from "../support/cli.js";

const folder = newFolder();
const cwd = folder.path;
afterAll(() => folder.remove());

const run = (...args: string[]): Promise<Ended> => pyworkflow(args, { cwd });

describe("what is not understood ends with 2 and the nearest match", () => {
  test.each([
    [["rnus", "list"], "there is no command rnus list", "did you mean runs list?"],
    [["runs", "lsit"], "there is no command runs lsit", "did you mean runs list?"],
    [["list", "runs"], "there is no command list runs", "did you mean runs list?"],
    [["why"], "there is no command why", "did you mean runs why?"],
    [["runs", "list", "--ouput", "json"], "there is no flag --ouput", "did you mean --output?"],
    [["runs", "list", "--stat", "x"], "there is no flag --stat", "did you mean --status?"],
    [["--outptu", "json", "runs", "list"], "there is no flag --outptu", "did you mean --output?"],
    [["runs", "list", "--status", "compelted"], "--status: compelted is none of pending", "did you mean completed?"],
    [["runs", "list", "--since", "yesterday"], "--since: yesterday is no time", "write 1h or 2d (ago)"],
    [["runs", "wait", "@last", "--timeout", "soon"], "--timeout: soon is no duration", "write 30s"],
    [["runs", "list", "--limit", "many"], "--limit: many is no whole number", "write for example 20"],
    [["runs", "list", "--limit", "0"], "--limit: 0 is too small", "give 1 or more"],
    [["schedules", "next", "--count", "20000"], "--count: 20000 is too large", "give 10000 or less"],
    [["runs", "list", "--limit"], "--limit has no value", "write it behind the flag"],
    [["runs", "list", "--output"], "--output has no value", "give one of table, json"],
    [["runs", "list", "--query", "a", "-q", "b"], "--query was given twice", "give it once"],
    [["runs", "list", "--since", "1h", "--start-time", "1d"], "--since and --start-time were given together", "leave out one of them"],
    [["runs", "cancel", "@last", "--timeout", "1s"], "--timeout was given without --wait", "add --wait, or leave --timeout out"],
    [["schedules", "backfill", "x", "--start", "1d"], "--end is missing", "-h after the command"],
    [["autocomplete", "tcsh"], "tcsh is none of bash, zsh, fish", "give one of these"],
    [["runs", "list", "surplus"], "there is nothing to do with surplus", "-h after the command"],
    [["runs", "status"], "ID is missing", "-h after the command"],
    [["rnus", "--help"], "there is no command rnus", "pyworkflow -h"],
  ])("%j", async (args, message, hint) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, ""]);
    const [first, second] = stderr.split("\n");
    expect(first).toContain(`Error: ${message}`);
    expect(second).toContain(hint);
    expect(stderr).not.toContain("    at ");
  });

  test("in json where json was asked for, before the topic or behind it, by flag or variable", async () => {
    const behind = await run("runs", "list", "--limti", "3", "-o", "json");
    const before = await run("--output=json", "runs", "list", "--limti", "3");
    const variable = await pyworkflow(["runs", "list", "--limti", "3"], { cwd, env: { PYWORKFLOW_OUTPUT: "json" } });
    expect(JSON.parse(behind.stderr)).toEqual({ error: { code: "USAGE", message: "there is no flag --limti", hint: "did you mean --limit?" } });
    expect([before, variable]).toEqual([behind, behind]);
  });
});

describe("global flags", () => {
  test("stand before the topic as well as behind the command", async () => {
    const calls = [
      ["--output", "json", "--storage", "memory", "runs", "list"],
      ["-o", "json", "runs", "list", "--storage=memory"],
      ["runs", "list", "-o", "json", "--storage", "memory"],
      ["-ojson", "--storage=memory", "--quiet", "runs", "list"],
    ];
    const ended = await Promise.all(calls.map((args) => run(...args)));
    expect(ended).toEqual(calls.map(() => ({ code: 0, stdout: "[]\n", stderr: "" })));
  });

  test("a flag wins over the environment, and that over the file", async () => {
    writeFileSync(join(cwd, "pyworkflow.config.yaml"), "storage:\n  path: ./from-file.db\n");
    const env = { PYWORKFLOW_STORAGE_PATH: join(cwd, "from-env.db") };
    const file = await run("runs", "list");
    const variable = await pyworkflow(["runs", "list"], { cwd, env });
    const flag = await pyworkflow(["runs", "list", "--storage-path", "from-flag.db"], { cwd, env });
    const stores = [file, variable, flag].map(({ stderr }) => /[\w-]+\.db/.exec(stderr)?.[0]);
    expect(stores).toEqual(["from-file.db", "from-env.db", "from-flag.db"]);
  });

  test("the configuration may be a program", async () => {
    writeFileSync(join(cwd, "program.config.ts"), 'const name: string = "from-program";\nexport default { storage: { path: `./${name}.db` } };\n');
    const { code, stderr } = await run("runs", "list", "--config", "program.config.ts");
    expect(code).toBe(0);
    expect(stderr).toContain("from-program.db");
  });

  test("a configuration that can't be read ends with 1 and its place", async () => {
    writeFileSync(join(cwd, "broken.yaml"), "storage:\n  pth: x\n");
    const { code, stderr } = await run("runs", "list", "--config", "broken.yaml");
    expect(code).toBe(1);
    expect(stderr).toContain("broken.yaml:2:3");
  });

  test("colours go into a pipe only when they are forced", async () => {
    const plain = await run("runs", "status", "run_x", "--storage", "memory");
    const forced = await pyworkflow(["runs", "status", "run_x", "--storage", "memory"], { cwd, env: { FORCE_COLOR: "1" } });
    const refused = await pyworkflow(["runs", "status", "run_x", "--storage", "memory", "--no-color"], { cwd, env: { FORCE_COLOR: "1" } });
    expect(forced.stderr).toContain("\u001B[31mError:");
    expect([plain.stderr.includes("\u001B"), refused.stderr.includes("\u001B")]).toEqual([false, false]);
  });

  test("a broken store ends with 1, without a stack", async () => {
    writeFileSync(join(cwd, "not-a-store.db"), "this is a letter to my aunt, long enough to be read as a header of a database file");
    const { code, stdout, stderr } = await run("runs", "list", "--storage-path", "not-a-store.db");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("not-a-store.db");
    expect(stderr).not.toContain("    at ");
  });
});

describe("help and version", () => {
  test("every command has an example that names it", async () => {
    const listed = await run("--help");
    expect(listed.code).toBe(0);
    for (const command of ["runs list", "runs status", "runs logs", "runs wait", "runs result"]) {
      const { stdout } = await run(...command.split(" "), "-h");
      expect(stdout).toMatch(new RegExp(`EXAMPLES[^]*\\$ pyworkflow ${command}`));
      expect(stdout).toContain("GLOBAL FLAGS");
    }
  });

  test("no command and a lone global flag show the help; help takes the command's words", async () => {
    const [none, flag, topic, command] = await Promise.all([run(), run("-o", "json"), run("runs"), run("help", "runs", "wait")]);
    expect(none.stdout).toContain("TOPICS");
    expect(flag.stdout).toBe(none.stdout);
    expect(topic.stdout).toContain("runs status");
    expect(command.stdout).toContain("--timeout");
  });

  test("version", async () => {
    const [flag, command] = await Promise.all([run("--version"), run("version", "-o", "json")]);
    expect(flag.stdout).toMatch(/^pyworkflow\/\d/);
    expect(JSON.parse(command.stdout)).toMatchObject({ node: process.versions.node });
  });
});
