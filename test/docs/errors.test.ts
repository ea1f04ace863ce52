import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exitCodeOf } from "../../src/cli/exit-codes.js";

// docs/errors.md is where a hint and a search lead: each code has its heading, each heading its code, and the exit codes
// that it states are those that the command line gives.

const page = readFileSync("docs/errors.md", "utf8");
const headings = [...page.matchAll(/^### (\S+)\n\n([\s\S]*?)(?=^#|(?![\s\S]))/gm)].map(([, code = "", text = ""]) => ({ code, text }));

test("every code of the sources has a heading, and every heading its code", () => {
  const codes = sources().flatMap((text) => [...text.matchAll(/static override readonly code = "(\w+)"/g)].map(([, code = ""]) => code));

  expect(codes.length).toBeGreaterThan(20);
  expect(headings.map(({ code }) => code).toSorted()).toEqual(codes.toSorted());
});

test.each(headings)("$code: the exit code of the page is that of the command line", ({ code, text }) => {
  const stated = Number(/Exit\s+code\s+(\d+)\./.exec(text)?.[1] ?? 1);

  expect(stated).toBe(exitCodeOf(Object.assign(new Error("any"), { code, hint: "any" })));
});

test.each(headings)("$code: the page names its class", ({ code, text }) => {
  const [, name = ""] = /^`(\w+)`\./.exec(text) ?? [];

  expect(sources().some((source) => new RegExp(`class ${name} [^}]*readonly code = "${code}"`).test(source))).toBe(true);
});

function sources(): string[] {
  const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files.map((name) => readFileSync(join("src", name), "utf8"));
}
