import Database from "better-sqlite3";
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { run as newRun } from "../storage/contract/support.js";
import { bareEnvironment, ended, newFolder, pyworkflow, type Ended } from "../support/cli.js";

// Whatever is wrong is refused in words: what, where, what next; with its exit code, on stderr alone, and before anything is written.

const project = newFolder();
beforeEach(() => {
  // What was compiled stays: most tests import the same modules.
  for (const name of readdirSync(project.path)) if (name !== ".pyworkflow") rmSync(join(project.path, name), { recursive: true });
  write("workflows/index.ts", workflows);
  write("pyworkflow.config.yaml", "module: ./workflows\n");
});
afterAll(() => project.remove());

const startOrder = ["workflows", "run", "process_order", "--arg", "id=1", "--arg", "amount=2"];

const workflows = `import { step, workflow } from "pyworkflow";
import { z } from "zod";

export const order = workflow(
  { name: "process_order", input: z.object({ id: z.string(), amount: z.number().positive() }) },
  async ({ id }) => id,
);

class Receipt {
  readonly id = 1;
}

const values: Record<string, () => unknown> = {
  function: () => ({ handlers: [() => 1] }),
  instance: () => new Receipt(),
  large: () => "x".repeat(2 * 1024 * 1024),
};

const give = step({ name: "give", maxRetries: 0 }, async (what: string) => values[what]?.());
const take = step({ name: "take", maxRetries: 0 }, async (value: unknown) => typeof value);
const printing = step("printing", async () => {
  console.log("printed by console");
  process.stdout.write("printed by stream\\n");
  return "quiet";
});

export const stepResult = workflow("step_result", async (what: string) => give(what));
export const stepArguments = workflow("step_arguments", async (what: string) => take(values[what]?.()));
export const workflowResult = workflow("workflow_result", async (what: string) => values[what]?.());
export const thrower = workflow("thrower", async () => { throw Object.assign(Object.create(null), { why: "no Error" }); });
export const printer = workflow("printer", async () => printing());
export const exiting = workflow("exiting", async () => leave());
const leave = step("leave", async () => process.exit(0));
`;

describe("the input of a run", () => {
  test.each<Refusal>([
    { args: ["proces_order"], exit: 4, code: "WORKFLOW_NOT_FOUND", says: "there is no workflow called proces_order", next: "did you mean process_order?" },
    { args: ["nothing_like_it"], exit: 4, code: "WORKFLOW_NOT_FOUND", says: "there is no workflow called nothing_like_it", next: "pyworkflow workflows list" },
    { args: ["process_order", "--arg", "id=1", "--arg", "amount=-5"], exit: 2, code: "INVALID_INPUT", says: "the input of process_order is not valid: amount: ", next: "workflows info process_order" },
    { args: ["process_order"], exit: 2, code: "INVALID_INPUT", says: "id: ", next: "workflows info process_order" },
    { args: ["process_order", "--args-json", "{\"id\": "], exit: 2, code: "USAGE", says: "--args-json is no JSON", next: "write for example" },
    { args: ["process_order", "--args-json", "-"], input: "{\"id\": 'x'}", exit: 2, code: "USAGE", says: "--args-json - (stdin) is no JSON", next: "write for example" },
    { args: ["process_order", "--args-json", "@order.json"], exit: 2, code: "USAGE", says: "--args-json @order.json can't be read: ENOENT", next: "name a file that can be read" },
    { args: ["process_order", "--args-json", "@workflows"], exit: 2, code: "USAGE", says: "--args-json @workflows can't be read: EISDIR", next: "name a file that can be read" },
    { args: ["process_order", "--args-json", "[1]", "--arg", "id=1"], exit: 2, code: "USAGE", says: "--args-json is no object", next: "give one of the two" },
    { args: ["process_order", "--arg", "id"], exit: 2, code: "USAGE", says: "--arg id is no key=value", next: "--arg amount=49.99" },
    { args: ["process_order", "--arg", "ammount=1"], exit: 2, code: "USAGE", says: "the input has no field ammount", next: "did you mean amount?" },
    { args: ["process_order", "--arg", "id=1", "--arg", "amount=1", "--idempotency-key", ""], exit: 2, code: "USAGE", says: "--idempotency-key: it is empty", next: "leave the flag out" },
    { args: ["process_order", "--arg", "id=1", "--arg", "amount=1", "--timeout", "soon"], exit: 2, code: "USAGE", says: "--timeout: soon is no duration", next: "write 30s" },
    { args: ["process_order", "--no-wait", "--timeout", "1s"], exit: 2, code: "USAGE", says: "--no-wait and --timeout were given together", next: "leave out one of them" },
    { args: ["process_order", "--no-wait", "--until", "suspended"], exit: 2, code: "USAGE", says: "--no-wait and --until were given together", next: "leave out one of them" },
    { args: ["process_order", "--arg", "id=1", "--arg", "amount=1", ...["a", "b", "c", "d"].flatMap((tag) => ["--tag", tag])], exit: 2, code: "INVALID_INPUT", says: "tags: 4 in all", next: "workflows info process_order" },
    { args: [], exit: 2, code: "USAGE", says: "there is no terminal to ask at", next: "pyworkflow workflows run NAME" },
  ])("workflows run $args", async ({ args, ...refusal }) => {
    await expectRefused({ args: ["workflows", "run", ...args], ...refusal });
  });

  test("a file that is no JSON is named", async () => {
    write("order.json", "{ id: 1 }");
    await expectRefused({ args: ["workflows", "run", "process_order", "--args-json", "@order.json"], exit: 2, code: "USAGE", says: "--args-json @order.json is no JSON", next: "write for example" });
  });

  test("bytes that are no UTF-8 are named by their place, and nothing is stored", async () => {
    writeFileSync(join(project.path, "latin.json"), Buffer.concat([Buffer.from('{"id":"ü\uFFFD'), Buffer.from([0xe4]), Buffer.from('","amount":2}')]));
    await expectRefused({ args: ["workflows", "run", "process_order", "--args-json", "@latin.json"], exit: 2, code: "USAGE", says: "--args-json @latin.json is not UTF-8: byte 12 is 0xe4", next: "iconv -f LATIN1" });
  });

  test("an input beyond the limit is refused with its size", async () => {
    write("order.json", JSON.stringify({ id: "x".repeat(2 * 1024 * 1024), amount: 1 }));
    const says = "the input of process_order takes 2097173 bytes, the limit is 1048576";
    await expectRefused({ args: ["workflows", "run", "process_order", "--args-json", "@order.json"], exit: 2, code: "PAYLOAD_TOO_LARGE", says, next: "limits.payload_bytes" });
  });

  test("a producer that takes its time is waited for", async () => {
    const child = spawn(process.execPath, [resolve("bin/run.js"), "workflows", "run", "process_order", "--args-json", "-", "-o", "plain"], { cwd: project.path, env: bareEnvironment() });
    const [stdout, code] = [text(child.stdout), ended(child)];
    await pause(1500);
    child.stdin.end('{ "id": "1", "amount": 2 }');
    expect([await code, await stdout]).toEqual([0, expect.stringMatching(/^run_/)]);
  });

  test("people read the same in two lines", async () => {
    const { code, stdout, stderr } = await run("workflows", "run", "proces_order");
    expect({ code, stdout, stderr }).toEqual({ code: 4, stdout: "", stderr: "Error: there is no workflow called proces_order\n  did you mean process_order?\n" });
  });
});

describe("the configuration", () => {
  test.each<Omit<Refusal, "args"> & { readonly file: string }>([
    { file: "module: ./workflows\nworker:\n  proceses: 2\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:3:3: there is no key worker.proceses", next: "did you mean processes?" },
    { file: "modul: ./workflows\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:1: there is no key modul", next: "did you mean module?" },
    { file: "processes: 2\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:1: there is no key processes", next: "it belongs into worker:" },
    { file: "worker:\n  processes: two\n", exit: 1, code: "CONFIG", says: 'pyworkflow.config.yaml:2:14: worker.processes is "two", expected a whole number', next: "worker processes" },
    { file: "worker: 2\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:9: worker has to hold keys", next: "write it as  worker: { processes" },
    { file: "module: [./workflows\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:2:1: ", next: "mend the YAML at that place" },
    { file: "module: *.ts\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:9: there is no anchor &.ts", next: "needs quotes" },
    { file: "worker: *shared\n", exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:9: there is no anchor &shared", next: "needs quotes" },
    { file: 'storage: { path: "${NOWHERE_SET}/x.db" }\n', exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:18: the variable NOWHERE_SET is not set", next: "${NOWHERE_SET:-a default}" },
    { file: 'storage: { path: ":memory:" }\n', exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:18: :memory: is no file", next: "storage backend memory" },
    { file: 'storage: { path: "sqlite:./app.db" }\n', exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:18: storage.path is sqlite:./app.db", next: "write ./app.db" },
  ])("$says", async ({ file, ...refusal }) => {
    write("pyworkflow.config.yaml", file);
    await expectRefused({ ...refusal, args: ["runs", "list"] });
  });

  test("is read before the modules", async () => {
    write("pyworkflow.config.yaml", "modul: ./workflows\n");
    await expectRefused({ args: startOrder, exit: 1, code: "CONFIG", says: "pyworkflow.config.yaml:1:1: there is no key modul", next: "did you mean module?" });
  });

  test("is not looked for in a home folder that is none", async () => {
    rmSync(join(project.path, "pyworkflow.config.yaml"));
    const looked = await pyworkflow(["runs", "list", "--quiet"], { cwd: project.path, env: { HOME: "/dev/null" } });
    expect(looked).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("a file that is named and not there", async () => {
    await expectRefused({ args: ["runs", "list", "--config", "other.yaml"], exit: 1, code: "CONFIG", says: `--config: there is no file ${join(project.path, "other.yaml")}`, next: "leave --config out" });
  });
});

describe("the store", () => {
  const commands = [["runs", "list"], startOrder, ["worker", "run", "--drain"]];

  test.each(commands)("that is no database: %s %s", async (...args) => {
    write("store.db", "a letter, longer than the hundred bytes that the head of a database takes, so that it is read as one and refused");
    await expectRefused({ args: [...args, "--storage-path", "store.db"], exit: 1, code: "STORAGE", says: `the store ${join(project.path, "store.db")} is not a SQLite database`, next: "--storage-path" });
  });

  test.each(commands)("that is a folder: %s %s", async (...args) => {
    mkdirSync(join(project.path, "store.db"));
    await expectRefused({ args: [...args, "--storage-path", "store.db"], exit: 1, code: "STORAGE", says: `the store ${join(project.path, "store.db")} is a folder`, next: "--storage-path" });
  });

  test.each(commands)("of a newer version: %s %s", async (...args) => {
    await makeStore("store.db");
    edit("store.db", "PRAGMA user_version = 99");
    await expectRefused({ args: [...args, "--storage-path", "store.db"], exit: 1, code: "STORAGE", says: "was written by a newer version (its format is 99)", next: "use a newer pyworkflow" });
  });

  test.each(commands)("of another program: %s %s", async (...args) => {
    edit("store.db", "CREATE TABLE letters (text TEXT)");
    await expectRefused({ args: [...args, "--storage-path", "store.db"], exit: 1, code: "STORAGE", says: "is a database of another program", next: "--storage-path" });
  });

  // Root may read everything.
  test.skipIf(process.getuid?.() === 0)("that this user may not read", async () => {
    await makeStore("store.db");
    chmodSync(join(project.path, "store.db"), 0);
    const { code, stderr } = await run("runs", "list", "--storage-path", "store.db", "-o", "json");
    expect(code).toBe(1);
    expect(errorIn(stderr)).toMatchObject({ code: "STORAGE", message: expect.stringContaining("can't be opened") as string });
  });

  test("whose folder can't be made", async () => {
    write("file", "");
    await expectRefused({ args: [...startOrder, "--storage-path", "file/store.db"], exit: 1, code: "STORAGE", says: "can't be made", next: "--storage-path" });
  });

  test.skipIf(process.platform === "win32")("that is no file", async () => {
    execFileSync("mkfifo", [join(project.path, "pipe")]);
    for (const [path, what] of [["/dev/null", "a device"], ["pipe", "a pipe"], [".", "a folder"]] as const) {
      await expectRefused({ args: ["runs", "list", "--storage-path", path], exit: 1, code: "STORAGE", says: `is ${what}, not a file`, next: "--storage-path" });
    }
  });

  test("in memory nothing is kept for later", async () => {
    write("bundle.json", "{}");
    for (const args of [startOrder, ["schedules", "create", "process_order", "--interval", "1h", "--arg", "id=1", "--arg", "amount=2"], ["runs", "import", "bundle.json"]]) {
      await expectRefused({ args: [...args, "--storage", "memory"], exit: 2, code: "USAGE", says: "forgets everything with this process", next: "choose --storage sqlite" });
    }
  });

  test("in memory is nothing that worker processes can share", async () => {
    await expectRefused({ args: ["worker", "run", "--storage", "memory"], exit: 1, code: "CONFIG", says: "a store in memory can't be shared by worker processes", next: "--storage sqlite" });
  });
});

describe("workflow modules", () => {
  test.each<Omit<Refusal, "args"> & { readonly file: string }>([
    { file: 'const limit = 1;\n\nthrow new RangeError(`limit ${limit}`);\n', exit: 1, code: "MODULE", says: "workflows/index.ts:3:7: RangeError: limit 1", next: "mend it there" },
    { file: "const limit = 1;\nconst = 2;\n", exit: 1, code: "MODULE", says: 'workflows/index.ts:2:7: Expected identifier but found "="', next: "mend the code at that place" },
    { file: 'import "./ordres.js";\n', exit: 1, code: "MODULE", says: 'workflows/index.ts:1:8: Could not resolve "./ordres.js"', next: "did you mean ./orders.js?" },
    { file: 'import "no-such-package";\n', exit: 1, code: "MODULE", says: 'workflows/index.ts:1:8: Could not resolve "no-such-package"', next: "npm install no-such-package" },
    { file: 'import { workflw } from "pyworkflow";\nworkflw("a");\n', exit: 1, code: "MODULE", says: "pyworkflow exports no workflw", next: "did you mean workflow?" },
    { file: 'import { workflow } from "pyworkflow";\nworkflow("two words", async () => 1);\n', exit: 1, code: "INVALID_DEFINITION", says: 'workflows/index.ts:2:1: the workflow name "two words" can\'t be defined', next: "letters, digits" },
    { file: "process.exit(0);\n", exit: 1, code: "ENDED_EARLY", says: "the process ended before the command was done", next: "look for that in your modules" },
    { file: "await new Promise(() => {});\n", exit: 1, code: "ENDED_EARLY", says: "waits at its top for what never comes", next: "look for that in your modules" },
  ])("$file", async ({ file, ...refusal }) => {
    write("workflows/orders.ts", "");
    write("workflows/index.ts", file);
    await expectRefused({ ...refusal, args: startOrder });
  });

  test.each(["workflow", "step"])("two %ss of one name: both places", async (kind) => {
    write("workflows/index.ts", 'import "./first.js";\nimport "./second.js";\n');
    write("workflows/first.ts", `import { ${kind} } from "pyworkflow";\nexport const one = ${kind}("ship", async () => 1);\n`);
    write("workflows/second.ts", `import { ${kind} } from "pyworkflow";\n\nexport const other = ${kind}("ship", async () => 2);\n`);
    const says = `two ${kind}s are called ship: ${join(project.path, "workflows/first.ts")}:2:20 and ${join(project.path, "workflows/second.ts")}:3:22`;
    await expectRefused({ args: ["workflows", "list"], exit: 1, code: "NAME_TAKEN", says, next: "give one of them another name" });
  });

  test.each<Refusal>([
    { args: ["--module", "./workflow"], exit: 1, code: "MODULE", says: "--module: there is no module", next: "did you mean" },
    { args: ["--module", "app.workflows"], exit: 1, code: "CONFIG", says: "--module: app.workflows is a dotted name", next: "./app/workflows" },
    { args: ["--module", "*.xyz"], exit: 1, code: "MODULE", says: "--module: no module matches", next: "a module is a file that ends with" },
  ])("workflows list $args", async ({ args, ...refusal }) => {
    await expectRefused({ args: ["workflows", "list", ...args], ...refusal });
  });

  test("a worker says why it can't begin, and ends", async () => {
    write("workflows/index.ts", 'throw new Error("no licence");\n');
    const { code, stdout, stderr } = await run("worker", "run", "--processes", "1");
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("workflows/index.ts:1:7: Error: no licence\n  a module must import without an error");
  });

  test("a worker without any workflow says so", async () => {
    write("workflows/index.ts", "");
    const { code, stderr } = await run("worker", "run", "--processes", "1", "--drain");
    expect(code).toBe(0);
    expect(stderr).toContain("No workflow was found: name a module with --module");
  });

  test("a timer that a module leaves open does not keep a command", async () => {
    write("workflows/index.ts", `${workflows}\nsetInterval(() => undefined, 1000);\n`);
    const { code, stdout } = await run("workflows", "list", "-o", "plain");
    expect(code).toBe(0);
    expect(stdout).toContain("process_order\n");
  });
});

describe("what can't be stored fails the run, at its place", () => {
  const plain = "return plain data";
  test.each([
    { name: "step_result", what: "function", code: "NOT_STORABLE", says: "the result of step_give_1 can't be stored: .handlers[0] is a function", next: plain },
    { name: "step_result", what: "instance", code: "NOT_STORABLE", says: "the result of step_give_1 can't be stored: it is an instance of Receipt", next: plain },
    { name: "step_result", what: "large", code: "PAYLOAD_TOO_LARGE", says: "the result of step_give_1 takes 2097155 bytes, the limit is 1048576", next: "limits.payload_bytes" },
    { name: "step_arguments", what: "function", code: "NOT_STORABLE", says: "the arguments of step_take_1 can't be stored: [0].handlers[0] is a function", next: plain },
    { name: "step_arguments", what: "instance", code: "NOT_STORABLE", says: "the arguments of step_take_1 can't be stored: [0] is an instance of Receipt", next: plain },
    { name: "workflow_result", what: "function", code: "NOT_STORABLE", says: "the result of the workflow can't be stored: .handlers[0] is a function", next: plain },
    { name: "workflow_result", what: "instance", code: "NOT_STORABLE", says: "the result of the workflow can't be stored: it is an instance of Receipt", next: plain },
    { name: "workflow_result", what: "large", code: "PAYLOAD_TOO_LARGE", says: "the result of the workflow takes 2097155 bytes, the limit is 1048576", next: "limits.payload_bytes" },
  ])("$name: $what", async ({ name, what, code, says, next }) => {
    const failed = await run("workflows", "run", name, "--args-json", JSON.stringify(what), "--wait", "--quiet", "-o", "json");
    expect(failed.code).toBe(3);
    expect(JSON.parse(failed.stdout)).toMatchObject({ status: "failed", error: { code, message: says } });
    expect(errorIn(failed.stderr)).toMatchObject({ code: "RUN_FAILED", message: expect.stringContaining(says) as string, hint: expect.stringContaining(next) as string });
    const { stdout } = await run("runs", "logs", "@last", "-o", "plain");
    expect(stdout).not.toContain("completed");
    expect(stdout).toMatch(/\d: workflow\.failed\n$/);
  });

  test("what is thrown and no Error is shown all the same", async () => {
    const { code, stderr } = await run("workflows", "run", "thrower", "--wait", "--quiet");
    expect(code).toBe(3);
    expect(stderr).toContain("why: 'no Error'");
    const status = await run("runs", "status", "@last", "-o", "json");
    expect(JSON.parse(status.stdout)).toMatchObject({ status: "failed", error: { message: expect.stringContaining("no Error") as string } });
  });
});

describe("code of the user in the process of a command", () => {
  test("prints on stderr: stdout is data alone", async () => {
    const { code, stdout, stderr } = await run("workflows", "run", "printer", "--wait", "-o", "json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: "completed", result: "quiet" });
    expect(stderr).toContain('{"note":"printed by console"}\n');
    expect(stderr).toContain('{"note":"printed by stream"}\n');
  });

  test("that ends the process in a step is told of, and the run is kept for a worker", async () => {
    const { code, stderr } = await run("workflows", "run", "exiting", "--wait", "--quiet", "-o", "json");
    expect(code).toBe(1);
    expect(errorIn(stderr)).toMatchObject({ code: "ENDED_EARLY" });
    const { stdout } = await run("runs", "list", "--workflow", "exiting", "-o", "json");
    expect(JSON.parse(stdout)).toMatchObject([{ workflow_name: "exiting", status: "running" }]);
  });
});

describe("ids that are not there", () => {
  test.each<Refusal>([
    { args: ["runs", "status", "run_zzz"], exit: 4, code: "RUN_NOT_FOUND", says: "there is no run run_zzz", next: "pyworkflow runs list" },
    { args: ["runs", "logs", "@lst"], exit: 4, code: "RUN_NOT_FOUND", says: "there is no run @lst", next: "pyworkflow runs list" },
    { args: ["runs", "result", "run_00000000000000000000000000"], exit: 4, code: "RUN_NOT_FOUND", says: "there is no run run_00000000000000000000000000", next: "pyworkflow runs list" },
    { args: ["runs", "wait", ""], exit: 4, code: "RUN_NOT_FOUND", says: "there is no run", next: "pyworkflow runs list" },
    { args: ["runs", "list", "--cursor", "nowhere"], exit: 4, code: "RUN_NOT_FOUND", says: "there is no run nowhere", next: "pyworkflow runs list" },
    { args: ["workflows", "info", "proces_order"], exit: 4, code: "WORKFLOW_NOT_FOUND", says: "there is no workflow called proces_order", next: "did you mean process_order?" },
    { args: ["runs", "logs", "@last", "--type", "step.complted"], exit: 2, code: "USAGE", says: "--type: step.complted is no type of event", next: "did you mean step.completed?" },
    { args: ["runs", "replay", "--all", "--workflow", "proces_order"], exit: 4, code: "WORKFLOW_NOT_FOUND", says: "there is no workflow called proces_order", next: "did you mean process_order?" },
    { args: ["hooks", "info", "nope"], exit: 4, code: "INVALID_TOKEN", says: '"nope" is no hook token', next: "run_01jz…:hook_approval_1" },
    { args: ["runs", "cancel", "nope", "nada"], exit: 4, code: "RUN_NOT_FOUND", says: "there is no run nope, nor nada", next: "pyworkflow runs list" },
    { args: ["worker", "stop", "worker_zzz"], exit: 4, code: "WORKER_NOT_FOUND", says: "there is no living worker worker_zzz", next: "pyworkflow worker list" },
  ])("$args", async (refusal) => {
    await makeStore("pyworkflow_data/pyworkflow.db");
    await expectRefused(refusal);
  });
});

interface Refusal {
  readonly args: readonly string[];
  readonly input?: string;
  readonly exit: number;
  readonly code: string;
  /** Part of the message. */
  readonly says: string;
  /** Part of the hint. */
  readonly next: string;
}

/** The command ends with that code, has one JSON error on stderr and nothing on stdout, and leaves every file as it was. */
async function expectRefused({ args, input = "", exit, code, says, next }: Refusal): Promise<void> {
  const before = filesOf(project.path);
  const { code: exitCode, stdout, stderr } = await pyworkflow([...args, "--quiet", "-o", "json"], { cwd: project.path, input });
  expect({ exitCode, stdout }).toEqual({ exitCode: exit, stdout: "" });
  expect(errorIn(stderr)).toEqual({ code, message: expect.stringContaining(says) as string, hint: expect.stringContaining(next) as string });
  expect(filesOf(project.path)).toEqual(before);
}

function errorIn(stderr: string): unknown {
  return (JSON.parse(stderr) as { readonly error: unknown }).error;
}

function run(...args: string[]): Promise<Ended> {
  return pyworkflow(args, { cwd: project.path });
}

function write(name: string, content: string): void {
  const path = join(project.path, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** A store of this version with one run in it. */
async function makeStore(name: string): Promise<void> {
  const path = join(project.path, name);
  mkdirSync(dirname(path), { recursive: true });
  const store = await openSqlite({ path });
  await store.createRun(newRun({ createdAt: systemClock.now() }));
  await store.close();
}

function edit(name: string, sql: string): void {
  const database = new Database(join(project.path, name));
  database.exec(sql);
  database.close();
}

/** Each file and the hash of what is in it, but for compiled modules and what SQLite keeps beside an open file. */
function filesOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.includes("/.pyworkflow/") && !/-(wal|shm)$/.test(path));
  return Object.fromEntries(paths.map((path) => [path, createHash("sha256").update(readFileSync(path)).digest("hex")]));
}
