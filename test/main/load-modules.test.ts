import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { compilePackage, type NativePackage, type Outcome, Project } from "./native.js";

let own: NativePackage;
const projects: Project[] = [];

beforeAll(async () => {
  own = await compilePackage();
});
afterAll(() => own.remove());
afterEach(() => {
  for (const project of projects.splice(0)) project.remove();
});

function projectOf(files: Record<string, string>): Project {
  const project = new Project(files);
  projects.push(project);
  return project;
}

function defines(name: string): string {
  return `import { workflow } from "pyworkflow";\nexport const it: { name: string } = workflow("${name}", async () => "${name}");\n`;
}

async function workflowsOf(project: Project, ...modules: readonly string[]): Promise<readonly string[]> {
  const outcome = await project.load(own, ...modules);
  expect(outcome.error).toBeUndefined();
  return outcome.workflows;
}

async function failureOf(project: Project, ...modules: readonly string[]): Promise<NonNullable<Outcome["error"]>> {
  const { error } = await project.load(own, ...modules);
  expect(error?.name).toBe("ModuleError");
  if (error === undefined) throw new TypeError("nothing failed");
  return error;
}

describe("what a module may be", () => {
  const files = {
    "flows/index.ts": `import "./orders.js";`,
    "flows/orders.ts": defines("orders"),
    "flows/other.ts": defines("other"),
    "loose/a.ts": defines("a"),
    "loose/deeper/b.mjs": 'import { workflow } from "pyworkflow"; workflow("b", async () => 1);',
    "loose/a.test.ts": defines("a_test"),
    "loose/types.d.ts": "export type X = 1;",
    "loose/notes.md": "# no module",
    "single.ts": defines("single"),
    "node_modules/shared-flows/package.json": '{ "name": "shared-flows", "version": "1.0.0", "type": "module", "exports": { "import": "./main.js" } }',
    "node_modules/shared-flows/main.js": 'globalThis.seen.shared = true;',
    "node_modules/pyworkflow/package.json": '{ "name": "pyworkflow", "type": "module", "exports": "./index.js" }',
    "node_modules/pyworkflow/index.js": 'throw new Error("another copy was loaded");',
  };
  let project: Project;
  beforeAll(() => {
    project = new Project(files);
  });
  afterAll(() => project.remove());

  test.each([
    ["a folder with an index: that alone", ["./flows"], ["orders"]],
    ["a folder without: every module in it, no tests, no declarations", ["./loose"], ["a", "b"]],
    ["a file", ["./single.ts"], ["single"]],
    ["a file without its extension", ["./single"], ["single"]],
    ["a TypeScript file by the name it is compiled to", ["./single.js"], ["single"]],
    ["a path that does not begin with a dot", ["flows/other.ts"], ["other"]],
    ["a glob", ["./flows/o*.ts"], ["orders", "other"]],
    ["a glob across folders", ["./**/{a,b}.{ts,mjs}"], ["a", "b"]],
    ["several, one of them twice", ["./flows", "./flows/orders.ts", "./single"], ["orders", "single"]],
    ["none", [], []],
  ])("%s", async (_, modules, workflows) => {
    expect(await workflowsOf(project, ...modules)).toEqual(workflows);
  });

  test("a package, whose release is part of the version", async () => {
    const first = await project.load(own, "shared-flows");
    expect(first).toMatchObject({ files: ["shared-flows"], seen: { shared: true } });
    project.write({ "node_modules/shared-flows/package.json": files["node_modules/shared-flows/package.json"].replace("1.0.0", "1.0.1") });
    expect((await project.load(own, "shared-flows")).version).not.toBe(first.version);
  });

  test("a module that was compiled beside its source is one module", async () => {
    const twins = projectOf({ "w/a.ts": defines("a"), "w/a.js": 'import { workflow } from "pyworkflow"; workflow("a", async () => 1);' });
    expect(await workflowsOf(twins, "./w")).toEqual(["a"]);
  });

  test("modules that share a file share its steps", async () => {
    const sharing = projectOf({
      "w/steps.ts": 'import { step } from "pyworkflow";\nexport const one: () => Promise<number> = step("one", async () => 1);\n',
      "w/a.ts": `import "./steps.js";\n${defines("a")}`,
      "w/b.ts": `import "./steps.js";\n${defines("b")}`,
    });
    expect(await sharing.load(own, "./w")).toMatchObject({ workflows: ["a", "b"], steps: ["one"] });
  });
});

describe("what a project may be like", () => {
  test("one without node_modules finds pyworkflow and zod", async () => {
    const project = projectOf({ "w.ts": `import { z } from "zod";\nglobalThis.seen.parsed = z.object({ a: z.number() }).parse({ a: 1 });\n${defines("w")}` });
    expect(await project.load(own, "./w.ts")).toMatchObject({ workflows: ["w"], seen: { parsed: { a: 1 } } });
  });

  test("its own zod wins", async () => {
    const project = projectOf({
      "w.ts": 'import { z } from "zod";\nglobalThis.seen.zod = z;',
      "node_modules/zod/package.json": '{ "name": "zod", "type": "module", "exports": "./index.js" }',
      "node_modules/zod/index.js": 'export const z = "of the project";',
    });
    expect((await project.load(own, "./w.ts")).seen).toEqual({ zod: "of the project" });
  });

  test.each(["module", "commonjs"])("type %s: TypeScript with top-level await, JSON and its own place", async (type) => {
    const project = projectOf({
      "package.json": JSON.stringify({ type, sideEffects: false }),
      "w/index.ts": `import data from "./data.json" with { type: "json" };
import { readFile } from "node:fs/promises";
import "./deep/place.js";
const text = await readFile(new URL("./data.json", import.meta.url), "utf8");
globalThis.seen.data = [data, JSON.parse(text)];
`,
      "w/data.json": '{ "a": 1 }',
      "w/deep/place.ts": `#!/usr/bin/env node
globalThis.seen.place = [import.meta.url, import.meta.dirname, import.meta.filename, __dirname, __filename];`,
    });
    const place = join(project.root, "w/deep/place.ts");
    const folder = join(project.root, "w/deep");
    expect((await project.load(own, "./w")).seen).toEqual({
      data: [{ a: 1 }, { a: 1 }],
      place: [pathToFileURL(place).href, folder, place, folder, place],
    });
  });

  test("CommonJS files require what they need", async () => {
    const project = projectOf({
      "package.json": '{ "type": "commonjs" }',
      "w.js": `const { workflow } = require("pyworkflow");
const { helper } = require("helper");
const { basename } = require("path");
globalThis.seen.required = [helper, basename(__filename), typeof require("./lib").lib];
module.exports = workflow("w", async () => 1);`,
      "lib.js": "exports.lib = () => 1;",
      "node_modules/helper/package.json": '{ "name": "helper", "exports": { "require": "./c.cjs", "import": "./m.mjs" } }',
      "node_modules/helper/c.cjs": 'exports.helper = "required";',
      "node_modules/helper/m.mjs": 'export const helper = "imported";',
    });
    expect(await project.load(own, "./w.js")).toMatchObject({ workflows: ["w"], seen: { required: ["required", "w.js", "function"] } });
  });

  test("a user's own require and __dirname stay theirs", async () => {
    const project = projectOf({
      "w.mjs": `import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const __dirname = "mine";
globalThis.seen.own = [require("./data.json").a, __dirname];`,
      "data.json": '{ "a": 1 }',
    });
    expect((await project.load(own, "./w.mjs")).seen).toEqual({ own: [1, "mine"] });
  });

  test("paths and decorators of its tsconfig; a change there counts", async () => {
    const tsconfig = (folder: string): string => JSON.stringify({ compilerOptions: { experimentalDecorators: true, paths: { "@/*": [`./${folder}/*`] } } });
    const project = projectOf({
      "tsconfig.json": tsconfig("one"),
      "one/lib.ts": 'export const lib = "one";',
      "two/lib.ts": 'export const lib = "two";',
      "w/index.ts": `import { lib } from "@/lib.js";
const seal = (target: object): void => { Reflect.set(target, "sealed", true); };
@seal class Box {}
globalThis.seen.box = [lib, Reflect.get(Box, "sealed")];`,
    });
    expect((await project.load(own, "./w")).seen).toEqual({ box: ["one", true] });
    project.write({ "tsconfig.json": tsconfig("two") });
    expect((await project.load(own, "./w")).seen).toEqual({ box: ["two", true] });
  });

  test("packages of a folder further down are found from there", async () => {
    const project = projectOf({
      "node_modules/.keep": "",
      "packages/shop/w.ts": 'import { which } from "dep";\nglobalThis.seen.which = which;',
      "packages/shop/node_modules/dep/package.json": '{ "name": "dep", "type": "module", "exports": "./index.js" }',
      "packages/shop/node_modules/dep/index.js": 'export const which = "the shop\'s";',
    });
    expect((await project.load(own, "./packages/shop/w.ts")).seen).toEqual({ which: "the shop's" });
  });

  test("a package that is missing only matters where it is asked for", async () => {
    const project = projectOf({ "w.ts": `try { await import("not-there"); } catch (error) { globalThis.seen.code = (error as { code: string }).code; }` });
    expect((await project.load(own, "./w.ts")).seen).toEqual({ code: "ERR_MODULE_NOT_FOUND" });
  });

  test("a program can be the configuration", async () => {
    const project = projectOf({ "pyworkflow.config.ts": 'const worker: { concurrency: number } = { concurrency: 5 };\nexport default { module: "./w", worker };' });
    const file = JSON.stringify(join(project.root, "pyworkflow.config.ts"));
    expect((await project.run(own, `({ seen: 0, files: [await loadScript(${file})] })`)).files).toEqual([{ module: "./w", worker: { concurrency: 5 } }]);
  });
});

describe("the cache", () => {
  const files = { "w/index.ts": `import "./steps.js";\n${defines("w")}`, "w/steps.ts": "globalThis.seen.steps = 1;" };

  test("the second start compiles nothing; a change in an imported file counts", async () => {
    const project = projectOf(files);
    const first = await project.load(own, "./w");
    const second = await project.load(own, "./w");
    project.write({ "w/steps.ts": "globalThis.seen.steps = 2;" });
    const third = await project.load(own, "./w");
    project.write({ "w/steps.ts": "globalThis.seen.steps = 1;" });
    const fourth = await project.load(own, "./w");
    expect([first, second, third, fourth].map(({ compiled, seen }) => [compiled, seen["steps"]])).toEqual([[true, 1], [false, 1], [true, 2], [true, 1]]);
    expect(second.version).toBe(first.version);
    expect(third.version).not.toBe(first.version);
    expect(fourth.version).toBe(first.version);
  });

  test("the same code in another folder is the same version; under another name it is not", async () => {
    const [one, other] = [projectOf(files), projectOf(files)];
    const renamed = projectOf({ "v/index.ts": files["w/index.ts"], "v/steps.ts": files["w/steps.ts"] });
    const versions = await Promise.all([one.load(own, "./w"), other.load(own, "./w"), renamed.load(own, "./v")]);
    expect(new Set(versions.map(({ version }) => version)).size).toBe(2);
    expect(versions[0].version).toBe(versions[1].version);
  });

  test("it lies in .pyworkflow and ignores itself, or in node_modules where there is one", async () => {
    const bare = projectOf(files);
    const installed = projectOf({ ...files, "node_modules/.keep": "" });
    await Promise.all([bare.load(own, "./w"), installed.load(own, "./w")]);
    expect(readFileSync(join(bare.root, ".pyworkflow/cache/.gitignore"), "utf8")).toBe("*\n");
    expect(readdirSync(join(installed.root, "node_modules/.cache/pyworkflow")).map((name) => name.replace(/^\w+/, "x")).toSorted()).toEqual(["x.json", "x.mjs"]);
    expect(existsSync(join(installed.root, ".pyworkflow"))).toBe(false);
  });

  test("a manifest that was cut off, or a bundle that is gone, is made again", async () => {
    const project = projectOf(files);
    const cache = join(project.root, ".pyworkflow/cache");
    await project.load(own, "./w");
    for (const name of readdirSync(cache).filter((entry) => entry.endsWith(".json"))) writeFileSync(join(cache, name), '{"bundle":"');
    expect(await project.load(own, "./w")).toMatchObject({ workflows: ["w"], compiled: true });
    for (const name of readdirSync(cache).filter((entry) => entry.endsWith(".mjs"))) rmSync(join(cache, name));
    expect(await project.load(own, "./w")).toMatchObject({ workflows: ["w"], compiled: true });
  });

  test("a project that can't be written to runs all the same, and finds its packages", async () => {
    const project = projectOf({
      ".pyworkflow": "a file where the folder would be",
      "w.ts": `import { z } from "zod";\nglobalThis.seen.z = typeof z.object;\n${defines("w")}`,
    });
    expect(await project.load(own, "./w.ts")).toMatchObject({ workflows: ["w"], seen: { z: "function" } });
  });

  test("of old bundles the newest twenty stay", async () => {
    const project = projectOf(files);
    project.write(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`.pyworkflow/cache/old${index}.mjs`, ""])));
    expect(await workflowsOf(project, "./w")).toEqual(["w"]);
    expect(readdirSync(join(project.root, ".pyworkflow/cache")).filter((name) => name.endsWith(".mjs"))).toHaveLength(20);
  });
});

describe("what fails, with its place in the user's source and what to do", () => {
  test.each([
    ["a syntax error", "const x = ;\n", "w.ts:1:11", 'Unexpected ";"', "mend the code at that place"],
    ["an import that leads nowhere", '\n  import "./setps.js";\n', "w.ts:2:10", 'Could not resolve "./setps.js"', "did you mean ./steps.js?"],
    ["behind letters of several bytes", '/* äöü */ import "./x.js";\n', "w.ts:1:18", 'Could not resolve "./x.js"', "mend the path, or create the file"],
    ["on a first line that we changed", 'import.meta.url; import "./x.js";\n', "w.ts:1:25", 'Could not resolve "./x.js"', "mend the path, or create the file"],
    ["a package that is not installed", '\nimport "lodsh";\n', "w.ts:2:8", 'Could not resolve "lodsh"', "npm install lodsh, or mend the name"],
    ["more than one", 'import "./x.js";\nimport "./y.js";\n', "w.ts:1:8", 'Could not resolve "./x.js" (and 1 more)', "mend the path, or create the file"],
    ["a part that pyworkflow doesn't have", 'import "pyworkflow/nothing";\n', "w.ts:1:8", "pyworkflow/nothing is not exported by pyworkflow", "mend the code at that place"],
    ["a name that pyworkflow doesn't have", '\nimport { step, worklow } from "pyworkflow";\nworklow(step);\n', "w.ts:2:16", "pyworkflow exports no worklow", "did you mean workflow?"],
    ["a throw", '\n\nfunction connect() {\n  throw new TypeError("no host given");\n}\nconnect();\n', "w.ts:4:9", "TypeError: no host given", "a module must import without an error: mend it there"],
    ["a throw in an imported file", 'import "./broken.js";\n', "broken.ts:2:7", "RangeError: too much", "a module must import without an error: mend it there"],
    ["a throw in a package", 'import { fail } from "thrower";\n\nfail();\n', "w.ts:3:1", "Error: thrown inside", "a module must import without an error: mend it there"],
    ["a throw of no error", 'throw "just text";\n', "config.yaml:1:1", "it threw just text", "a module must import without an error: mend it there"],
  ])("%s", async (_, text, ...[place, message, hint]) => {
    const project = projectOf({
      "w.ts": text,
      "steps.ts": "",
      "broken.ts": 'const limit: number = 3;\nthrow new RangeError(limit > 2 ? "too much" : "");\n',
      "node_modules/thrower/package.json": '{ "name": "thrower", "type": "module", "exports": "./index.js" }',
      "node_modules/thrower/index.js": 'export function fail() { throw new Error("thrown inside"); }',
    });
    expect(await failureOf(project, "./w.ts")).toMatchObject({ place, message: `${place}: ${message}`, hint });
  });

  test("a failure is not cached, and neither is a success that became one", async () => {
    const project = projectOf({ "w.ts": "const x = ;" });
    expect((await failureOf(project, "./w.ts")).place).toBe("w.ts:1:11");
    project.write({ "w.ts": defines("w") });
    expect(await workflowsOf(project, "./w.ts")).toEqual(["w"]);
    project.write({ "w.ts": `${defines("w")}const x = ;` });
    expect((await failureOf(project, "./w.ts")).place).toBe("w.ts:3:11");
  });

  test("two workflows of one name: both places in the source", async () => {
    const project = projectOf({ "w/a.ts": defines("same"), "w/b.ts": defines("same") });
    const { error } = await project.load(own, "./w");
    expect(error?.name).toBe("NameTakenError");
    expect(error?.message).toContain(`${join(project.root, "w/a.ts")}:2:`);
    expect(error?.message).toContain(`${join(project.root, "w/b.ts")}:2:`);
  });

  test("a module that is not there: what was looked for, and what is near", async () => {
    const project = projectOf({ "workflows/index.ts": "", "empty/readme.md": "" });
    expect(await failureOf(project, "./workflow")).toMatchObject({
      place: "config.yaml:1:1",
      message: "config.yaml:1:1: there is no module ./workflow: looked for workflow (a file, with or without its extension, or a folder)",
      hint: "did you mean workflows?",
    });
    expect(await failureOf(project, "./workflows", "some-package")).toMatchObject({
      place: "config.yaml:2:1",
      message: "config.yaml:2:1: there is no module some-package: looked for some-package (a file, with or without its extension, or a folder) and for a package of that name",
    });
    expect((await failureOf(project, "./empty")).message).toBe(`config.yaml:1:1: the folder ${join(project.root, "empty")} has no module in it`);
    expect((await failureOf(project, "./workflows/*.js")).message).toBe(`config.yaml:1:1: no module matches ${join(project.root, "workflows/*.js")}`);
  });
});
