import { expect, test } from "vitest";
import { fieldTexts, logLine } from "../../src/main/log-line.js";

const note = { level: "warn", message: "trying again", fields: { error: new TypeError("no disk"), place: "a b", count: 2 } } as const;

test("an error among the fields is told by its name and message, not as {}", () => {
  expect(fieldTexts(note.fields)).toEqual(["error=TypeError: no disk", "place=a b", "count=2"]);
  expect(logLine(note, "pretty", { at: 0, source: "worker_1" })).toBe("00:00:00.000 WARN  worker_1 trying again error=TypeError: no disk place=a b count=2");
});

test("in JSON it keeps its stack", () => {
  const line: unknown = JSON.parse(logLine(note, "json", { at: 0, source: "worker_1" }));
  expect(line).toMatchObject({ time: "1970-01-01T00:00:00.000Z", level: "warn", source: "worker_1", error: { name: "TypeError", stack: expect.stringContaining("log-line.test.ts") } });
});
