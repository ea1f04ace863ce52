import { expect, test } from "vitest";
import { registeredSources, registeredWorkflows } from "../../src/engine/registry.js";
import { defineHook, step, workflow } from "../../src/index.js";
import { z } from "zod";
import { thrownBy } from "./support.js";

test("every definition is found by its name, as the object that the caller got; what nobody defined is not there", () => {
  const a = workflow("parity.reg_a", async () => "a");
  const b = workflow("parity.reg_b", async () => "b");
  step("parity.reg_step", async () => "s");
  const known = registeredWorkflows();
  expect([known.get("parity.reg_a"), known.get("parity.reg_b"), known.get("parity.reg_c")]).toEqual([a, b, undefined]);
  expect([...known.keys()]).toEqual(expect.arrayContaining(["parity.reg_a", "parity.reg_b"]));
  expect(registeredSources().filter((source) => source.startsWith("step parity.reg_step"))).toHaveLength(1);
});

test.each([
  { kind: "workflow", make: () => workflow("parity.taken", async () => {}) },
  { kind: "step", make: () => step("parity.taken", async () => {}) },
  { kind: "hook", make: () => defineHook("parity.taken", z.string()) },
])("a second $kind of the same name is refused, naming both places", ({ kind, make }) => {
  make();
  expect(thrownBy(make)).toMatchObject({ code: "NAME_TAKEN", kind, takenName: "parity.taken", places: [expect.stringContaining("registry.test.ts:"), expect.stringContaining("registry.test.ts:")] });
});

test("a workflow, a step and a hook may share a name: each kind has names of its own", () => {
  workflow("parity.shared", async () => {});
  step("parity.shared", async () => {});
  expect(defineHook("parity.shared", z.string()).name).toBe("parity.shared");
});
