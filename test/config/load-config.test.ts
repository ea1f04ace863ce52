import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Config } from "../../src/config/config.js";
import { type ConfigFlags, loadConfig, type LoadConfigOptions } from "../../src/config/load-config.js";
import { defaults } from "../../src/core/defaults.js";
import { ConfigError } from "../../src/core/errors.js";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "pyworkflow-config-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function load(flags: ConfigFlags = {}, options: Partial<LoadConfigOptions> = {}): Promise<Config> {
  return loadConfig({ cwd: folder, env: {}, flags, ...options });
}

async function refusalOf(flags: ConfigFlags = {}, options: Partial<LoadConfigOptions> = {}): Promise<ConfigError> {
  const error: unknown = await load(flags, options).catch((thrown: unknown) => thrown);
  if (!(error instanceof ConfigError)) throw new TypeError(`expected a ConfigError, got ${String(error)}`);
  expect(error.message.startsWith(`${error.place}: `)).toBe(true);
  expect(error.hint).not.toBe("");
  return error;
}

/** The refusal of this text as the project's configuration, without its file name: `line:column: message | hint`. */
async function refused(yaml: string, env: Record<string, string> = {}): Promise<string> {
  write("pyworkflow.config.yaml", yaml);
  const { message, hint } = await refusalOf({}, { env });
  expect(message).toMatch(/^pyworkflow\.config\.yaml:/);
  return `${message.slice("pyworkflow.config.yaml:".length)} | ${hint}`;
}

describe("what holds", () => {
  test("without a file the defaults hold, in the working directory", async () => {
    const config = await load();
    expect(config).toEqual({
      root: folder,
      modules: [],
      modulePlaces: [],
      storage: { backend: "sqlite", path: join(folder, "pyworkflow_data/pyworkflow.db"), durability: "full" },
      recovery: { maxRecoveryAttempts: defaults.recovery.maxRecoveryAttempts },
      worker: defaults.worker,
      retention: {},
      limits: defaults.limits,
    });
  });

  test("every key of the file arrives, durations in milliseconds", async () => {
    const file = write(
      "pyworkflow.config.yaml",
      `module: ./workflows
runtime: local
storage: { backend: sqlite, path: ./data/runs.db, durability: normal }
recovery:
  recover_on_worker_loss: false
  max_recovery_attempts: 0
worker: { processes: 2, concurrency: 7, shutdown_timeout: 1m30s, lease: 20, max_block: 10s, max_memory: 1.5G }
retention: { completed: 30d, failed: 90d, cancelled: 2w, ticks: 1m }
limits: { event_soft: 1, event_hard: 2, event_warning_interval: 3, payload_bytes: 4 }
`,
    );
    expect(await load()).toEqual({
      root: folder,
      file,
      modules: ["./workflows"],
      modulePlaces: ["pyworkflow.config.yaml:1:9"],
      storage: { backend: "sqlite", path: join(folder, "data/runs.db"), durability: "normal" },
      recovery: { recoverOnWorkerLoss: false, maxRecoveryAttempts: 0 },
      worker: { processes: 2, concurrency: 7, shutdownTimeoutMs: 90_000, leaseMs: 20_000, maxBlockMs: 10_000, maxMemoryBytes: 1.5 * 1024 ** 3 },
      retention: { completedMs: 2_592_000_000, failedMs: 7_776_000_000, cancelledMs: 1_209_600_000, ticksMs: 60_000 },
      limits: { eventSoft: 1, eventHard: 2, eventWarningInterval: 3, payloadBytes: 4 },
    });
  });

  test("it is frozen, its blocks too", async () => {
    const config = await load();
    expect([config, config.storage, config.worker, config.limits, config.recovery, config.modules].every(Object.isFrozen)).toBe(true);
  });

  test("flags win over environment, environment over file, file over defaults", async () => {
    write("pyworkflow.config.yaml", "module: ./of-file\nstorage:\n  path: of-file.db\n");
    const env = { PYWORKFLOW_MODULE: "./of-env", PYWORKFLOW_STORAGE_PATH: "of-env.db" };
    const fromFile = await load();
    const fromEnv = await load({}, { env });
    const fromFlags = await load({ module: ["./of-flag"], storagePath: "of-flag.db" }, { env });
    expect([fromFile, fromEnv, fromFlags].map(({ storage }) => storage)).toMatchObject([
      { path: join(folder, "of-file.db") },
      { path: join(folder, "of-env.db") },
      { path: join(folder, "of-flag.db") },
    ]);
    expect(fromFile.modules).toEqual(["./of-file"]);
    expect(fromEnv.modules).toEqual([join(folder, "of-env")]);
    expect(fromFlags.modules).toEqual([join(folder, "of-flag")]);
    expect(fromFlags.modulePlaces).toEqual(["--module"]);
  });

  test("an empty variable counts as unset", async () => {
    const config = await load({}, { env: { PYWORKFLOW_STORAGE_BACKEND: "", PYWORKFLOW_MODULE: "", PYWORKFLOW_CONFIG: "", PYWORKFLOW_RUNTIME: "" } });
    expect(config.storage.backend).toBe("sqlite");
    expect(config.modules).toEqual([]);
  });

  test("module and modules add up, each with its place", async () => {
    write("pyworkflow.config.yaml", "module: ./a\nmodules:\n  - ./b\n  - package-of-workflows\n");
    const config = await load();
    expect(config.modules).toEqual(["./a", "./b", "package-of-workflows"]);
    expect(config.modulePlaces).toEqual(["pyworkflow.config.yaml:1:9", "pyworkflow.config.yaml:3:5", "pyworkflow.config.yaml:4:5"]);
  });

  test("PYWORKFLOW_DISCOVER is a comma list; a name that is no path here stays a package", async () => {
    write("flows/index.ts", "");
    const config = await load({}, { env: { PYWORKFLOW_DISCOVER: "flows, some-package" } });
    expect(config.modules).toEqual([join(folder, "flows"), "some-package"]);
  });

  test("a file upward is found; its relative paths are relative to it, a flag's to the working directory", async () => {
    const file = write("pyworkflow.config.yaml", "module: ./workflows\nstorage: { path: runs.db }\n");
    const cwd = join(folder, "deep/er");
    mkdirSync(cwd, { recursive: true });
    const config = await load({}, { cwd });
    expect(config).toMatchObject({ root: folder, file, storage: { path: join(folder, "runs.db") } });
    expect(await load({ storagePath: "mine.db" }, { cwd })).toMatchObject({ root: folder, storage: { path: join(cwd, "mine.db") } });
  });

  test("the original's type and base_path are understood", async () => {
    write("pyworkflow.config.yaml", "storage: { type: sqlite, base_path: old/pyworkflow.db }\n");
    expect((await load()).storage).toEqual({ backend: "sqlite", path: join(folder, "old/pyworkflow.db"), durability: "full" });
  });

  test("a stronger layer may choose memory over a file's path", async () => {
    write("pyworkflow.config.yaml", "storage: { path: runs.db }\n");
    expect((await load({ storage: "memory" })).storage).toEqual({ backend: "memory" });
  });

  test("blocks that are empty or borrowed by an alias are as good as written out", async () => {
    write("pyworkflow.config.yaml", "worker:\nlimits:\n  event_soft: &few 5\n  event_hard: *few\n");
    expect(await load()).toMatchObject({ worker: defaults.worker, limits: { eventSoft: 5, eventHard: 5 } });
  });
});

describe("variables in the file", () => {
  test("expand, with defaults, into text, numbers and booleans", async () => {
    write(
      "pyworkflow.config.yaml",
      `storage: { path: "\${DATA_DIR:-./data}/\${NAME}.db" }
worker: { concurrency: "\${CONCURRENCY}", shutdown_timeout: "\${GRACE:-5s}" }
recovery:
  recover_on_worker_loss: \${RECOVER}
modules: ["./\${NAME}"]
`,
    );
    const config = await load({}, { env: { NAME: "shop", CONCURRENCY: "12", RECOVER: "false", GRACE: "" } });
    expect(config.storage).toMatchObject({ path: join(folder, "data/shop.db") });
    expect(config.worker).toMatchObject({ concurrency: 12, shutdownTimeoutMs: 5000 });
    expect(config.recovery.recoverOnWorkerLoss).toBe(false);
    expect(config.modules).toEqual(["./shop"]);
  });

  test("a path that is only digits stays a path", async () => {
    write("pyworkflow.config.yaml", "storage: { path: \"${DIR}\" }\n");
    expect((await load({}, { env: { DIR: "2026" } })).storage).toMatchObject({ path: join(folder, "2026") });
  });

  test("an unset one without default is refused", async () => {
    expect(await refused("storage:\n  path: ${DATA_DIR}/runs.db\n")).toBe(
      "2:9: the variable DATA_DIR is not set | set DATA_DIR, or write ${DATA_DIR:-a default}",
    );
  });
});

describe("where the file may be", () => {
  test.each([
    ["pyworkflow.config.yml", "worker: { concurrency: 3 }"],
    ["pyworkflow.config.json", '{\n\t"worker": {\n\t\t"concurrency": 3\n\t}\n}'],
    [".pyworkflowrc", "worker: { concurrency: 3 }"],
    ["package.json", '{ "name": "x", "pyworkflow": { "worker": { "concurrency": 3 } } }'],
  ])("%s", async (name, text) => {
    const file = write(name, text);
    expect(await load()).toMatchObject({ file, worker: { concurrency: 3 } });
  });

  test.each(["pyworkflow.config.js", "pyworkflow.config.mjs", "pyworkflow.config.ts"])("%s is run by the loader that was handed in", async (name) => {
    const file = write(name, "export default {}");
    const asked: string[] = [];
    const loadScript = async (path: string): Promise<unknown> => {
      asked.push(path);
      return { module: "./flows", worker: { concurrency: 3, processes: undefined } };
    };
    expect(await load({}, { loadScript })).toMatchObject({ file, modules: ["./flows"], modulePlaces: [name], worker: { concurrency: 3 } });
    expect(asked).toEqual([file]);
  });

  test("a package.json without our key, or a broken one, is passed over", async () => {
    const file = write("pyworkflow.config.yaml", "runtime: local\n");
    write("a/package.json", '{ "dependencies": { "pyworkflow": "1" } }');
    write("a/b/package.json", "{ broken");
    expect((await load({}, { cwd: join(folder, "a/b") })).file).toBe(file);
  });

  test("--config and PYWORKFLOW_CONFIG name one", async () => {
    write("pyworkflow.config.yaml", "worker: { concurrency: 1 }");
    const other = write("conf/other.yaml", "worker: { concurrency: 2 }");
    expect(await load({ config: "conf/other.yaml" })).toMatchObject({ file: other, root: join(folder, "conf"), worker: { concurrency: 2 } });
    expect((await load({}, { env: { PYWORKFLOW_CONFIG: other } })).file).toBe(other);
  });
});

describe("what is refused, with its place and what to write", () => {
  test.each([
    ["an unknown key", "module: ./w\nstorge:\n  backend: sqlite\n", "2:1: there is no key storge | did you mean storage?"],
    ["an unknown key in a block", "worker:\n  processes: 2\n  concurency: 5\n", "3:3: there is no key worker.concurency | did you mean concurrency?"],
    ["a key that every object has", "constructor: x", "1:1: there is no key constructor | the keys are module, modules, runtime, storage, recovery, worker, retention, limits"],
    ["camel case", "recovery: { maxRecoveryAttempts: 5 }", "1:13: there is no key recovery.maxRecoveryAttempts | did you mean max_recovery_attempts?"],
    ["a key in the wrong block", "max_recovery_attempts: 5", "1:1: there is no key max_recovery_attempts | it belongs into recovery:"],
    ["a key like no other", "storage:\n  dsn: x", "2:3: there is no key storage.dsn | the keys of storage are backend, path, durability"],
    ["a text for a number", "worker:\n  concurrency: many", '2:16: worker.concurrency is "many", expected a whole number from 1 up | worker.concurrency: runs at a time in one process'],
    ["a quoted number", 'worker: { concurrency: "5" }', '1:24: worker.concurrency is "5", expected a whole number from 1 up | worker.concurrency: runs at a time in one process'],
    ["a number out of range", "worker:\n  processes: 0", "2:14: worker.processes is 0, expected a whole number from 1 up | worker.processes: worker processes; one for each core where it is left out"],
    ["a fraction", "limits: { payload_bytes: 1.5 }", "1:26: limits.payload_bytes is 1.5, expected a whole number from 1 up | limits.payload_bytes: largest input, argument or result, in bytes"],
    ["yes for true", "recovery: { recover_on_worker_loss: yes }", '1:37: recovery.recover_on_worker_loss is "yes", expected true or false | recovery.recover_on_worker_loss: whether a run goes on after its worker was lost'],
    ["no duration", "worker: { shutdown_timeout: soon }", '1:29: worker.shutdown_timeout is "soon", expected a duration from 0s up ("30s", "1h30m", or a number of seconds) | worker.shutdown_timeout: what running steps get to finish when a worker stops'],
    ["a mistyped choice", "storage: { backend: sqlit }", '1:21: storage.backend is "sqlit", expected sqlite or memory | did you mean sqlite?'],
    ["a list for one module", "module: [a, b]", '1:9: module is ["a","b"], expected a text | module: a file, a folder, a glob or a package with workflows'],
    ["no size", "worker: { max_memory: 512 }", '1:23: worker.max_memory is 512, expected a size from 32M up ("512M", "1.5G") | worker.max_memory: a worker process that grows past this is replaced by a fresh one; without a limit where it is left out'],
    ["a text for a block", "worker: 5", "1:9: worker has to hold keys | write it as  worker: { processes: …, concurrency: …, shutdown_timeout: …, lease: …, max_block: …, max_memory: … }"],
    ["a file that is a list", "- module: x", "1:1: the file has to hold keys | write keys like  module: ./workflows"],
    ["a key twice by its two names", "storage: { backend: sqlite, type: sqlite }", "1:29: storage.type says storage.backend a second time | keep one of the two"],
    ["a URL for a path", "storage: { path: 'postgres://db/x' }", "1:18: storage.path is a URL, expected a file: no backend that has a URL exists yet | write the path of a file"],
    ["a path for memory", "storage:\n  backend: memory\n  path: x.db", "3:9: this has no meaning with storage backend memory | remove it, or write backend: sqlite"],
    ["celery as runtime", "runtime: celery", "1:10: there is no Celery here: workers share the store and need no broker | write runtime: local; runtime: bullmq, for many machines, will take Celery's place and does not exist yet"],
    ["the celery block", "module: ./w\ncelery:\n  broker: redis://x", "2:1: there is no Celery here: workers share the store and need no broker | remove the block; worker: { processes: 2, concurrency: 100 } sets how many runs execute at a time"],
    ["a dotted module", "module: myapp.workflows", "1:9: myapp.workflows is a dotted name, which only Python has | write the path of the file or folder: ./myapp/workflows"],
    ["a dotted module in a list", "modules:\n  - ./ok\n  - myapp.flows.orders", "3:5: myapp.flows.orders is a dotted name, which only Python has | write the path of the file or folder: ./myapp/flows/orders"],
    ["bullmq", "runtime: bullmq", "1:10: runtime bullmq does not exist yet | write runtime: local"],
    ["a backend to come", "storage: { type: postgres, dsn: x }", "1:18: storage backend postgres does not exist yet | write backend: sqlite (or memory, which forgets)"],
    ["a retention too short", "retention: { completed: 10s }", '1:25: retention.completed is "10s", expected a duration from 1m up ("1h", "30d", or a number of seconds) | retention.completed: how long completed runs are kept, and runs that continued as new; for ever where it is left out'],
  ])("%s", async (_, yaml, refusal) => {
    expect(await refused(yaml)).toBe(refusal);
  });

  test.each([
    ["a bad indent", "worker:\n  processes: 2\n concurrency: 5\n", /^3:\d+: /],
    ["an open bracket", "modules: [a, b\nruntime: local\n", /^2:\d+: /],
    ["a key twice", "runtime: local\nruntime: local\n", /^2:1: .*unique/],
    ["a tab", "worker:\n\tprocesses: 2\n", /^2:1: .*[Tt]ab/],
  ])("bad YAML: %s", async (_, yaml, refusal) => {
    expect(await refused(yaml)).toMatch(refusal);
  });

  test("bad JSON, and an unknown key in JSON", async () => {
    write("pyworkflow.config.json", '{\n  "worker": { "concurrency" 5 }\n}');
    expect((await refusalOf()).place).toMatch(/^pyworkflow\.config\.json:2:\d+$/);
    write("pyworkflow.config.json", '{\n  "worker": { "concurency": 5 }\n}');
    expect((await refusalOf()).place).toBe("pyworkflow.config.json:2:15");
  });

  test("a mistake in package.json has its line there", async () => {
    write("package.json", '{\n  "name": "x",\n  "pyworkflow": {\n    "modul": "./w"\n  }\n}');
    expect(await refusalOf()).toMatchObject({ place: "package.json:4:5", hint: "did you mean module?" });
  });

  test("a mistake in a file upward is shown with its whole path", async () => {
    const file = write("pyworkflow.config.yaml", "modul: x");
    mkdirSync(join(folder, "sub"));
    expect((await refusalOf({}, { cwd: join(folder, "sub") })).place).toBe(`${file}:1:1`);
  });

  test("a mistake in the file is reported although a flag overrules it", async () => {
    write("pyworkflow.config.yaml", "storage: { backend: postgres }");
    expect((await refusalOf({ storage: "sqlite" })).place).toBe("pyworkflow.config.yaml:1:21");
  });

  test.each([
    [{ storage: "sqllite" }, "--storage", "did you mean sqlite?"],
    [{ storage: "mysql" }, "--storage", "write backend: sqlite (or memory, which forgets)"],
    [{ runtime: "celery" }, "--runtime", "write runtime: local; runtime: bullmq, for many machines, will take Celery's place and does not exist yet"],
    [{ module: ["myapp.workflows"] }, "--module", "write the path of the file or folder: ./myapp/workflows"],
    [{ storage: "memory", storagePath: "x.db" }, "--storage-path", "remove it, or write backend: sqlite"],
  ])("flags %j", async (flags, place, hint) => {
    expect(await refusalOf(flags)).toMatchObject({ place, hint });
  });

  test("a variable is named as the place", async () => {
    expect(await refusalOf({}, { env: { PYWORKFLOW_STORAGE_BACKEND: "redis" } })).toMatchObject({
      message: 'PYWORKFLOW_STORAGE_BACKEND: storage.backend is "redis", expected sqlite or memory',
    });
  });

  test("a dotted name that is a package or a path is believed", async () => {
    mkdirSync(join(folder, "node_modules/flows.shared"), { recursive: true });
    write("pyworkflow.config.yaml", "modules: [flows.shared, workflows.ts]");
    expect((await load()).modules).toEqual(["flows.shared", "workflows.ts"]);
  });

  test("a named file that is not there, with the nearest that is", async () => {
    write("conf/pyworkflow.yaml", "");
    expect(await refusalOf({ config: "conf/pywokflow.yaml" })).toMatchObject({ place: "--config", hint: `did you mean ${join("conf", "pyworkflow.yaml")}?` });
    expect(await refusalOf({}, { env: { PYWORKFLOW_CONFIG: "nowhere/x.yaml" } })).toMatchObject({ place: "PYWORKFLOW_CONFIG" });
  });

  test("a folder named as file can't be read", async () => {
    mkdirSync(join(folder, "conf"));
    expect((await refusalOf({ config: "conf" })).message).toMatch(/^conf: it can't be read: /);
  });

  test("a program without a loader, or that exports nothing", async () => {
    write("pyworkflow.config.ts", "export const x = 1");
    expect((await refusalOf()).place).toBe("pyworkflow.config.ts");
    expect((await refusalOf({}, { loadScript: async () => undefined })).message).toBe("pyworkflow.config.ts: it exports no configuration");
    expect(await refusalOf({}, { loadScript: async () => ({ worker: { concurency: 3 } }) })).toMatchObject({
      message: "pyworkflow.config.ts: there is no key worker.concurency",
      hint: "did you mean concurrency?",
    });
  });
});
