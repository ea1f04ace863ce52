import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { execute, newFolder } from "../support/cli.js";
import { TestProject } from "../support/project.js";

// What a command loads is most of the time that a short one takes. V8's own record of what it executed says what that was: files, and the modules
// inside the bundle.

const timeout = 120_000;
const project = new TestProject();
let runId: string;

beforeAll(async () => {
  runId = await project.startRun("process_order", { orderId: "7" });
});

afterAll(() => project.remove());

interface Class {
  readonly commands: string;
  /** One of them, as it is typed. */
  readonly example: () => readonly string[];
  /** What it may load: our layers, and packages with all that they depend on. */
  readonly layers: string;
  readonly packages: string;
}

const classes: Readonly<Record<string, Class>> = {
  "looks at what is stored": {
    commands: "hooks:info hooks:list hooks:run runs:chain runs:children runs:list runs:logs runs:result runs:status runs:timeline runs:wait schedules:list schedules:show schedules:ticks storage:backup storage:check storage:info worker:list worker:queues autocomplete:words",
    example: () => ["runs", "status", runId],
    layers: "base cli commands config core main services storage",
    packages: "@oclif/core better-sqlite3 devalue chalk cli-table3 yaml lilconfig",
  },
  "changes what is stored": {
    commands: "runs:cancel runs:import runs:prune runs:retry schedules:backfill schedules:delete schedules:next schedules:pause schedules:resume schedules:trigger storage:migrate storage:restore worker:stop",
    example: () => ["runs", "cancel", runId],
    layers: "base cli commands config core engine main runtime services storage",
    packages: "@oclif/core better-sqlite3 devalue chalk cli-table3 yaml lilconfig croner",
  },
  "loads workflows": {
    commands: "hooks:resume runs:export runs:replay runs:rerun runs:why schedules:create schedules:update workflows:info workflows:list workflows:run",
    example: () => ["workflows", "list"],
    layers: "base cli commands config core engine main services",
    packages: "@oclif/core better-sqlite3 devalue chalk cli-table3 yaml lilconfig croner zod esbuild",
  },
  "executes workflows": {
    commands: "demo doctor scheduler:run scheduler:tick setup worker:run",
    example: () => ["scheduler", "tick"],
    layers: "base cli commands config core engine main runtime services storage",
    packages: "@oclif/core better-sqlite3 devalue chalk cli-table3 yaml lilconfig croner zod esbuild",
  },
  "tells of itself": {
    commands: "autocomplete config:schema config:show help quickstart version",
    example: () => ["version"],
    layers: "base cli commands config core services",
    packages: "@oclif/core chalk",
  },
};

test.for(Object.keys(classes))("a command that %s loads no more than it needs", { timeout }, async (name) => {
  const { example, layers, packages } = classes[name] ?? fail(name);
  const loaded = await loadedBy(example());
  const allowed = new Set(packages.split(" ").flatMap((root) => [...family(root)]));
  expect(loaded.packages.filter((each) => !allowed.has(each))).toEqual([]);
  expect(loaded.layers.filter((each) => !layers.split(" ").includes(each))).toEqual([]);
  expect(loaded.layers).toContain("cli");
});

test("every command belongs to one class, and the first two start by the short way", () => {
  const manifest = JSON.parse(readFileSync("oclif.manifest.json", "utf8")) as { readonly commands: object };
  const listed = Object.values(classes).flatMap(({ commands }) => commands.split(" "));
  expect(listed.toSorted()).toEqual(Object.keys(manifest.commands).toSorted());
  const [, ...bundled] = readFileSync("dist/short-way/index.txt", "utf8").trimEnd().split("\n");
  const short = Object.values(classes).slice(0, 2).flatMap(({ commands }) => commands.split(" "));
  expect(short.filter((id) => !bundled.includes(id))).toEqual([]);
});

function fail(name: string): never {
  throw new TypeError(`${name} is no class`);
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly functionName: string; readonly ranges: readonly { readonly count: number }[] }[];
}

async function loadedBy(words: readonly string[]) {
  const record = newFolder();
  const { stderr, code } = await execute([resolve("bin/run.js"), ...words], { cwd: project.path, env: { NODE_V8_COVERAGE: record.path } });
  expect([code, stderr.includes("Error")]).toEqual([0, false]);
  const scripts = readdirSync(record.path).flatMap((file) => (JSON.parse(readFileSync(join(record.path, file), "utf8")) as { readonly result: readonly Script[] }).result);
  record.remove();
  const modules = scripts.flatMap((script) => [script.url, ...modulesInside(script)]);
  const unique = (pattern: RegExp) => [...new Set(modules.flatMap((path) => pattern.exec(path)?.[1] ?? []))].toSorted();
  return { packages: unique(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/), layers: unique(/(?<!node_modules\/.*)\bdist\/(\w+)\//) };
}

/** esbuild makes a function of each module, named after its file, and calls it when it is imported. */
function modulesInside({ url, functions }: Script): readonly string[] {
  if (!url.endsWith("short-way.cjs")) return [];
  return functions.filter(({ functionName, ranges: [whole] }) => /\.[cm]?js$/.test(functionName) && (whole?.count ?? 0) > 0).map(({ functionName }) => functionName);
}

function family(root: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(root)) return seen;
  seen.add(root);
  const { dependencies = {} } = JSON.parse(readFileSync(`node_modules/${root}/package.json`, "utf8")) as { readonly dependencies?: Readonly<Record<string, string>> };
  for (const name of Object.keys(dependencies)) family(name, seen);
  return seen;
}
