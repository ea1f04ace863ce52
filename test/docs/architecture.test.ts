import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

// What the pages say about the repository is compared with the repository.

const read = (path: string) => readFileSync(path, "utf8");
const pages = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md") && !name.startsWith("api/"))
  .map((name) => join("docs", name));

test("the layer table of the page is the one that decides", () => {
  const [table] = /^const layers = \{\n[\s\S]*?^\};/m.exec(read(".dependency-cruiser.cjs")) ?? [];

  expect(table).toBeDefined();
  expect(read("docs/architecture.md")).toContain(`\`\`\`js\n${table}\n\`\`\``);
});

test("every folder that the page describes is there", () => {
  const described = [...read("docs/architecture.md").matchAll(/^\| `(src\/\w+\/)` \|/gm)].map(([, folder = ""]) => folder);

  expect(described.length).toBeGreaterThan(5);
  expect(described.filter((folder) => !existsSync(folder))).toEqual([]);
});

test("the ten invariants are listed, and each is named at the lines that keep it", () => {
  const listed = [...read("docs/architecture.md").matchAll(/^\| (I\d+) \|/gm)].map(([, name]) => name);
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts") && !name.endsWith("invariants.ts"));
  const cited = new Set(sources.flatMap((name) => [...read(join("src", name)).matchAll(/\bI\d+\b/g)].map(([invariant]) => invariant)));

  expect(listed).toEqual(["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10"]);
  expect(cited).toEqual(new Set(listed));
});

test("every promise of the storage contract is explained, in its order", () => {
  const files = ["src/storage/backend.ts", "src/storage/upkeep.ts"];
  const contracts = files.map((file) => /^export interface (?:Backend extends Upkeep|Upkeep) \{\n([\s\S]*?)^\}/m.exec(read(file))?.[1] ?? "");
  const methods = [...contracts.join("").matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name);

  expect(methods.length).toBeGreaterThan(10);
  expect([...read("docs/storage-contract.md").matchAll(/^## (\w+)$/gm)].map(([, name]) => name)).toEqual(methods);
});

test("every lint rule that is off, anywhere, has its reason in the decision record", () => {
  const { rules, overrides } = JSON.parse(read(".oxlintrc.json")) as { rules: object; overrides: { rules: object }[] };
  const settings = [rules, ...overrides.map((override) => override.rules)].flatMap((some) => Object.entries(some));
  const off = settings.filter(([, setting]) => setting === "off").map(([rule]) => rule.split("/").at(-1));
  const record = read("docs/decisions/0002-lint-rules.md");

  expect(off.length).toBeGreaterThan(10);
  expect(off.filter((rule) => !record.includes(`\`${rule}\``))).toEqual([]);
});

test.each(pages)("the links of %s lead somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path = "", heading]) => ({ path, heading }));
  const broken = links.filter(({ path, heading }) => {
    const target = path === "" ? page : join(dirname(page), path);
    return !existsSync(target) || (heading !== undefined && !anchorsOf(target).includes(heading));
  });

  expect(broken).toEqual([]);
});

function anchorsOf(page: string): readonly string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.toLowerCase().replaceAll(" ", "-"));
}
