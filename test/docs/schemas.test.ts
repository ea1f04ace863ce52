import { describe, expect, test } from "vitest";
import { schemaNames, schemaOf, violations } from "../support/json-schema.js";

// What the JSON of the commands is checked with must itself be right, closed, and able to refuse.

test.each(schemaNames)("%s names its draft and itself, and leaves no object open by accident", (name) => {
  const schema = schemaOf(name);
  expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(schema["title"]).toEqual(expect.any(String));
  // The row that others extend is closed by each of them.
  expect(name === "run-row.json" ? [] : openObjects(schema, "$")).toEqual([]);
});

describe("a document that is not as its schema says is refused", () => {
  const error = { code: "RUN_NOT_FOUND", message: "there is no run x", hint: "look" };

  test.each([
    ["error.json", { error }, []],
    ["error.json", { error: { ...error, more: 1 } }, ['$/error must NOT have additional properties {"additionalProperty":"more"}']],
    ["version.json", { version: "1.0.0" }, ["$ must have required property 'node' {\"missingProperty\":\"node\"}"]],
    ["runs-list.json", [{ run_id: 1 }], expect.arrayContaining(["$/0/run_id must be string {\"type\":\"string\"}"])],
  ])("%s", (name, document, found) => {
    expect(violations(name, document)).toEqual(found);
  });
});

/** Paths of objects with named keys that let others pass. */
function openObjects(schema: unknown, path: string): readonly string[] {
  if (typeof schema !== "object" || schema === null) return [];
  // One that describes what else it may have is open on purpose.
  const others: unknown[] = [Reflect.get(schema, "additionalProperties"), Reflect.get(schema, "unevaluatedProperties")];
  const isOpen = "properties" in schema && !others.some((each) => each === false || typeof each === "object");
  return [...(isOpen ? [path] : []), ...Object.entries(schema).flatMap(([key, inner]) => openObjects(inner, `${path}.${key}`))];
}
