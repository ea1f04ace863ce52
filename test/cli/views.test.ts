import { Chalk } from "chalk";
import { describe, expect, test } from "vitest";
import { askedOutput, globalFlagsLast } from "../../src/cli/argv.js";
import { render, toJson } from "../../src/cli/output.js";
import type { Screen } from "../../src/cli/screen.js";
import { table, type Column } from "../../src/cli/table.js";
import { configTable } from "../../src/cli/views/config-table.js";
import { logTable } from "../../src/cli/views/log-table.js";
import { runTable } from "../../src/cli/views/run-table.js";
import { valueText } from "../../src/cli/views/value-text.js";
import { formatListTime, formatTime, parseMoment } from "../../src/cli/times.js";
import type { RunRecord } from "../../src/core/run.js";

const pipe: Screen = { terminal: false, width: 100, paint: new Chalk({ level: 0 }), utc: false, nowMs: 0 };
const terminal: Screen = { ...pipe, terminal: true };

describe("a table", () => {
  interface Row {
    readonly id: string;
    readonly note: string;
  }
  const columns: readonly Column<Row>[] = [
    { head: "Id", rank: 0, cell: ({ id }) => id },
    { head: "Note", rank: 2, cell: ({ note }) => note },
    { head: "Length", rank: 1, cell: ({ note }) => String(note.length) },
  ];
  const rows: readonly Row[] = [{ id: "run_01jhmr6k200000000000000000", note: "what somebody wrote about it at length" }];

  test("fits the terminal by shortening the least important column", () => {
    const lines = table(columns, rows, { ...terminal, width: 60 }).split("\n");
    expect(lines.map(({ length }) => length)).toEqual(lines.map(() => 60));
    expect(lines[3]).toContain("│ run_01jhmr6k200000000000000000 │ what somebody… │ 38     │");
  });

  test("drops the least important columns where the terminal is too narrow for all, and keeps enough of the id", () => {
    const narrow = (width: number) => table(columns, rows, { ...terminal, width }).split("\n").at(-2);
    expect([40, 39, 22, 10].map(narrow)).toEqual([
      "│ run_01jhmr6k20000… │ what … │ 38     │",
      "│ run_01jhmr6k2000000000000… │ 38     │",
      "│ run_01jhmr6k20000… │",
      "│ run_0… │",
    ]);
  });

  test("of runs shows each status whole, with what names the run", () => {
    const runs = ["completed", "continued_as_new"].map((status) => ({ runId: rows[0]?.id, workflowName: "process_order", status, createdAt: 0, startedAt: 0, completedAt: 10, recoveryAttempts: 0, maxRecoveryAttempts: 3 }) as unknown as RunRecord);
    for (const width of [100, 80, 40]) {
      const text = runTable(runs, { ...terminal, width });
      expect(text).toMatch(/run_01jhmr6k2000.* completed .*run_01jhmr6k2000.* continued_as_new /s);
      expect(text.split("\n").filter((line) => line.length > width)).toEqual([]);
    }
  });

  test("of a log loses its data first, then the day, and is never wider than the terminal", () => {
    const entry = { event_id: "evt_1", sequence: 12, type: "workflow.interrupted", timestamp: new Date("2026-11-23T11:22:23.120Z"), data: { reason: "worker_lost", error: "killed by SIGKILL" } } as const;
    const shown = (width: number) => logTable([entry], { ...terminal, utc: true, width }).split("\n");
    expect(shown(100)[3]).toContain('│ 12 │ workflow.interrupted │ 2026-11-23 11:22:23.120Z │ {"reason":"worker_lost","error":"killed … │');
    expect(shown(60)[3]).toBe('│ 12 │ workflow.interrupted │ 11:22:23.120Z │ {"reason":"… │');
    expect(shown(40)[3]).toBe("│ 12 │ workflow.interrupted │ 11:22:23 │");
    expect(shown(20)[3]).toBe("│ 12 │ workflow.i… │");
    for (const width of [60, 40, 20]) expect(Math.max(...shown(width).map(({ length }) => length))).toBeLessThanOrEqual(width);
  });

  test("of a configuration keeps where each value was said", () => {
    const said = [
      { key: "recovery.max_recovery_attempts", value: "x".repeat(60), source: "/home/ada/pyworkflow.config.yaml:12:26", isDuration: false },
      { key: "modules", value: ["./a", "./b"], source: "pyworkflow.config.yaml:1:10, ../pyworkflow.config.yaml:1:15", isDuration: false },
      { key: "storage.path", value: "./runs.db", source: "PYWORKFLOW_STORAGE_PATH", isDuration: false },
    ];
    const shown = (width: number) => configTable({ file: "/home/ada/pyworkflow.config.yaml", rows: said }, { ...terminal, width });
    expect(shown(80)).toContain(`│ recovery.max_recovery_attempts │ ${"x".repeat(16)}… │ 12:26                   │`);
    expect(shown(80)).toContain(" PYWORKFLOW_STORAGE_PATH │");
    expect(shown(80)).toContain("│ 1:10, 1:15 ");
    expect(shown(40)).toContain("│ recovery.max_… │ xxxxxxxx… │ 12:26   │");
  });

  test("is left as wide as it is where there is room", () => {
    expect(table(columns, rows, terminal)).toContain("what somebody wrote about it at length │");
  });

  test("in a pipe is one row a line, whole, without what could break the line or steer the terminal", () => {
    expect(table(columns, rows, { ...pipe, width: 10 })).toBe(`${rows[0]?.id}\t${rows[0]?.note}\t38`);
    expect(table(columns, [{ id: "a\tb", note: "c\n\u001B[31md" }], pipe)).toBe("a b\tc [31md\t8");
  });

  test("without rows is nothing", () => {
    expect([table(columns, [], pipe), table(columns, [], terminal)]).toEqual(["", ""]);
  });
});

describe("times", () => {
  test("in a list are relative for people and absolute for programs and for --utc", () => {
    const time = new Date(Date.UTC(2025, 0, 15, 10, 30));
    const at = (laterMs: number): Screen => ({ ...terminal, nowMs: time.getTime() + laterMs });
    expect([500, 12_345, 185_000, 7_300_000, -86_400_000].map((ms) => formatListTime(time, at(ms)))).toEqual(["0s ago", "12s ago", "3m ago", "2h ago", "in 1d"]);
    expect(formatListTime(time, pipe)).toBe(formatTime(time, pipe));
    expect(formatListTime(time, { ...terminal, utc: true })).toBe("2025-01-15 10:30:00Z");
  });

  test("are read as an age, a local time or a time with its zone", () => {
    expect(parseMoment("1h30m", 10_000_000)).toBe(10_000_000 - 5_400_000);
    expect(parseMoment("2025-01-15", 0)).toBe(new Date(2025, 0, 15).getTime());
    expect(parseMoment("2025-01-15 10:30", 0)).toBe(new Date(2025, 0, 15, 10, 30).getTime());
    expect(parseMoment("2025-01-15T10:30:00+01:00", 0)).toBe(Date.UTC(2025, 0, 15, 9, 30));
    for (const wrong of ["", "soon", "2025", "2025-13-01", "15.1.2025", "1h garbage"]) expect(() => parseMoment(wrong, 0)).toThrow("is no time");
  });
});

describe("json", () => {
  test("shows every value that a log can hold", () => {
    const error = Object.assign(new RangeError("out"), { limit: 3n });
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    const shown: readonly (readonly [unknown, unknown])[] = [
      [new Date(0), "1970-01-01T00:00:00.000Z"],
      [new URL("https://a.example/"), "https://a.example/"],
      [/x/g, "/x/g"],
      [2n ** 64n, "18446744073709551616"],
      [7n, 7],
      [{ none: undefined }, {}],
      [new Map([["a", new Set([1])]]), { a: [1] }],
      [new Map([[1, "one"]]), [[1, "one"]]],
      [Buffer.from("hi"), "aGk="],
      [new Uint16Array([1, 2]), [1, 2]],
      [error, { name: "RangeError", message: "out", limit: 3 }],
      [cycle, { self: "[circular]" }],
    ];
    for (const [value, json] of shown) expect(JSON.parse(toJson({ value }))).toEqual({ value: json });
    expect(toJson(undefined)).toBe("null");
  });

  test("is a document indented by two, or one line an item", () => {
    const view = (): string => "never asked for";
    expect(render([{ a: 1 }], "json", view)).toBe('[\n  {\n    "a": 1\n  }\n]\n');
    expect(render([{ a: 1 }, { a: 2 }], "jsonl", view)).toBe('{"a":1}\n{"a":2}\n');
    expect(render({ a: [1] }, "jsonl", view)).toBe('{"a":[1]}\n');
  });
});

describe("the words of a call", () => {
  test.each([
    ["-o json runs list", "runs list -o json"],
    ["--output=json -v runs list --all", "runs list --all --output=json -v"],
    ["--module a --module b workflows run x --arg k=v -- -o", "workflows run x --arg k=v --module a --module b -- -o"],
    ["runs list -o json", "runs list -o json"],
    ["--nonsense runs list", "--nonsense runs list"],
    ["-o json", "--help"],
    ["-o json --version", "--version -o json"],
    ["", ""],
  ])("%s", (typed, parsed) => {
    expect(globalFlagsLast(typed.split(" ").filter(Boolean)).join(" ")).toBe(parsed);
  });

  test("tell the output without a parser", () => {
    const asked = (words: string, variable?: string): string => askedOutput(words.split(" "), variable === undefined ? {} : { PYWORKFLOW_OUTPUT: variable });
    expect([asked("runs list -o json"), asked("--output=jsonl runs list"), asked("-ojson x"), asked("x -o=plain"), asked("runs list", "json")]).toEqual(["json", "jsonl", "json", "plain", "json"]);
    expect([asked("x -- -o json"), asked("x -o"), asked("x -o xml"), asked("x", "xml")]).toEqual(["table", "table", "table", "table"]);
  });
});

test("a long value is a few lines and its size where a person looks, and whole elsewhere", () => {
  const long = { text: "ä".repeat(1000) };
  const shown = valueText(long, { ...terminal, width: 80 });
  expect(shown).toBe(`{"text":"${"ä".repeat(470)}… (2.0 KB in all: -o json shows them)`);
  expect(valueText(long, pipe)).toBe(JSON.stringify(long));
  expect(valueText({ a: 1 }, terminal)).toBe('{"a":1}');
});
