import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

// Every ```ts block in the README and the docs, and every example, is compiled against src under the package's
// public name, all in one program, so a renamed export breaks its page and not its reader.

const packageName = "pyworkflow";
const snippets = pages().flatMap(snippetsOf);
const examples = readdirSync("examples", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map((name) => ({ name, path: join(process.cwd(), "examples", name) }));
const problems = compile(
  snippets,
  examples.map(({ path }) => path),
);

test.each(snippets)("$title compiles", ({ path }) => {
  expect(problems.get(path) ?? []).toEqual([]);
});

test.each(examples)("examples/$name compiles", ({ path }) => {
  expect(problems.get(path) ?? []).toEqual([]);
});

test("the compiler itself has no complaint", () => {
  expect(problems.get("(options)") ?? []).toEqual([]);
});

interface Snippet {
  readonly title: string;
  readonly path: string;
  readonly code: string;
}

function pages(): string[] {
  const docs = readdirSync("docs", { recursive: true, encoding: "utf8" });
  return ["README.md", ...docs.filter((name) => name.endsWith(".md") && !name.startsWith("api/")).map((name) => join("docs", name))];
}

function snippetsOf(page: string): Snippet[] {
  const text = readFileSync(page, "utf8");
  return [...text.matchAll(/^```ts[^\n]*\n([\s\S]*?)^```/gm)].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    return { title: `${page}:${line}`, path: join(process.cwd(), `${page}.${line}.mts`), code: match[1] ?? "" };
  });
}

function compile(blocks: readonly Snippet[], files: readonly string[]): Map<string, string[]> {
  const codeAt = new Map(blocks.map(({ path, code }) => [path, `${code}\nexport {};`]));
  const options: ts.CompilerOptions = {
    strict: true, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true, types: ["node"],
    target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
    paths: { [packageName]: ["./src/index.ts"], [`${packageName}/testing`]: ["./src/testing/index.ts"] },
  };
  const host = ts.createCompilerHost(options);
  const disk = { ...host };
  host.readFile = (path) => codeAt.get(path) ?? disk.readFile(path);
  host.fileExists = (path) => codeAt.has(path) || disk.fileExists(path);
  const found = new Map<string, string[]>();
  for (const { file, messageText } of ts.getPreEmitDiagnostics(ts.createProgram([...codeAt.keys(), ...files], options, host))) {
    const path = file?.fileName ?? "(options)";
    found.set(path, [...(found.get(path) ?? []), ts.flattenDiagnosticMessageText(messageText, " ")]);
  }
  return found;
}
