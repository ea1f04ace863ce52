import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Ended } from "../../support/cli.js";
import { FormsProject } from "../../support/forms.js";
import { schemaNames, violations } from "../../support/json-schema.js";
import { commands } from "../../support/reference.js";
import { entries, seenElsewhere } from "./entries.js";

// Every command through the real binary, as a program reads it: rows, json, jsonl, plain, and an error. The texts are kept beside, the documents are held
// against their schemas.

let project: FormsProject;
beforeAll(async () => {
  project = await new FormsProject().fill();
});
afterAll(() => project.remove());

test("every command in the manifest is seen, here or where it is said", () => {
  const ids = commands.map(({ id }) => id);
  expect(ids.filter((id) => !(id in entries) && !(id in seenElsewhere))).toEqual([]);
  expect([...Object.keys(entries), ...Object.keys(seenElsewhere)].filter((id) => !ids.includes(id))).toEqual([]);
  expect(Object.values(seenElsewhere).filter((file) => !existsSync(file))).toEqual([]);
});

test("every schema is that of a command, or shared", () => {
  const shared = new Set(["error.json", "note.json", "run-row.json", "schedule.json", "values.json", "demo.json"]);
  const ofCommands = Object.keys(entries).map(schemaOf);
  expect(ofCommands.filter((name) => !schemaNames.includes(name))).toEqual([]);
  expect(schemaNames.filter((name) => !ofCommands.includes(name) && !shared.has(name))).toEqual([]);
});

describe.each(Object.entries(entries))("%s", (id, entry) => {
  const name = id.replaceAll(":", "-");
  const words = id.split(":");
  const args = () => [...words, ...entry.args(project.runs)];

  test("table in a pipe, json and plain", async () => {
    const [table, json, plain] = await Promise.all([project.call(args()), project.call([...args(), "--output", "json", "--verbose"]), project.call(["-o", "plain", ...args()])]);
    const codes = [table, json, plain].map(({ code }) => code);
    expect(codes).toEqual([0, 0, 0]);
    expect(violations(schemaOf(id), JSON.parse(json.stdout))).toEqual([]);
    expect(documentsIn(json.stderr).flatMap((document) => violations("note.json", document))).toEqual([]);
    for (const { stdout } of [table, plain]) expect(stdout === "" || stdout.endsWith("\n")).toBe(true);
    await expect(transcript(words.join(" "), table, plain)).toMatchFileSnapshot(`seen/${name}.txt`);
  });

  test("an error: as json on stderr, with nothing on stdout", async () => {
    const { args: wrongArgs, code, exit } = entry.wrong;
    const json = await project.call(["--output", "json", ...words, ...wrongArgs(project.runs)]);
    const documents = documentsIn(json.stderr);
    expect(violations("error.json", documents.at(-1))).toEqual([]);
    expect(documents.slice(0, -1).flatMap((document) => violations("note.json", document))).toEqual([]);
    expect([json.code, documents.at(-1)]).toMatchObject([exit, { error: { code } }]);
    expect(alsoShows.has(id) ? "" : json.stdout).toBe("");
    await expect(`${project.steady(json.stderr)}exit code ${exit}\n`).toMatchFileSnapshot(`seen/${name}.error.txt`);
  });
});

describe.each(Object.entries(entries).filter(([, { list }]) => list))("%s", (id, entry) => {
  const args = () => [...id.split(":"), ...entry.args(project.runs)];

  test("jsonl is the same list, an object a line; an empty one is []", async () => {
    const [json, jsonl, none] = await Promise.all([project.call([...args(), "-o", "json"]), project.call([...args(), "-o", "jsonl"]), project.callOnNothing([...args(), "-o", "json"])]);
    const lines = jsonl.stdout.split("\n");
    expect(lines.pop()).toBe("");
    const rows = (items: readonly unknown[]): string => project.steady(JSON.stringify(items));
    expect(rows(lines.map((line) => JSON.parse(line) as unknown))).toBe(rows(JSON.parse(json.stdout) as unknown[]));
    expect([none.code, none.stdout]).toEqual([0, "[]\n"]);
  });
});

/** What was found is data, also where it is the reason of the exit code. */
const alsoShows = new Set(["runs:cancel", "runs:replay", "runs:wait", "schedules:trigger"]);

function schemaOf(id: string): string {
  return `${id.replaceAll(":", "-")}.json`;
}

function transcript(words: string, table: Ended, plain: Ended): string {
  const shown = ({ stdout, stderr }: Ended): string => [beginning(stdout), ...(stderr === "" ? [] : ["stderr:\n", stderr])].join("");
  return project.steady(`$ pyworkflow ${words}\n${shown(table)}\n$ pyworkflow ${words} -o plain\n${shown(plain)}`);
}

/** A document a line: notes, and the error behind them. */
function documentsIn(stderr: string): readonly unknown[] {
  return stderr
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

/** The configuration's schema is long, and has a test of its own. */
function beginning(text: string): string {
  const lines = text.split("\n");
  return lines.length <= 40 ? text : `${lines.slice(0, 40).join("\n")}\n…\n`;
}
