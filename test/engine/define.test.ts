import { expect, test } from "vitest";
import { InvalidDefinitionError, NameTakenError, runContext, step, stepContext, workflow } from "../../src/index.js";
import type { StepOptions, WorkflowOptions } from "../../src/index.js";

const nothing = async () => {};

test.each([
  { what: "a name with a space", make: () => step("two words", nothing), says: "it is no name" },
  { what: "a mistyped option of a step", make: () => step({ name: "define.a", timout: "3s" } as StepOptions, nothing), says: "did you mean timeout?" },
  { what: "a mistyped option of a workflow", make: () => workflow({ name: "define.b", durabel: false } as WorkflowOptions, nothing), says: "did you mean durable?" },
  { what: "a step without a function", make: () => step("define.c", undefined as unknown as () => void), says: "it has no function" },
  { what: "an input that is no schema", make: () => workflow({ name: "define.d", input: {} } as WorkflowOptions, nothing), says: "Standard Schema" },
  { what: "a negative number of retries", make: () => step({ name: "define.e", maxRetries: -1 }, nothing), says: "maxRetries is -1" },
  { what: "a text that is no duration", make: () => step({ name: "define.f", timeout: "soon" }, nothing), says: "timeout is soon" },
  { what: "four tags", make: () => workflow({ name: "define.g", tags: ["a", "b", "c", "d"] }, nothing), says: "4 tags" },
])("$what is refused, with its place and what to write", ({ make, says }) => {
  const error = thrownBy(make);
  expect(error).toBeInstanceOf(InvalidDefinitionError);
  const { message, hint } = error as InvalidDefinitionError;
  expect(message).toContain("define.test.ts:");
  expect(`${message} ${hint}`).toContain(says);
});

test("a name that is taken is refused with both places", () => {
  step("define.taken", nothing);
  const error = thrownBy(() => step("define.taken", async () => {}));
  expect(error).toBeInstanceOf(NameTakenError);
  expect((error as NameTakenError).places).toHaveLength(2);
});

test("a step that is made anew each time is told where to go", () => {
  const make = () => step("define.again", async () => {});
  make();
  expect(thrownBy(make)).toMatchObject({ hint: expect.stringContaining("top of its module") });
});

test("a context that is asked for outside its code says where it belongs", () => {
  expect(thrownBy(runContext)).toMatchObject({ code: "NOT_IN_WORKFLOW", message: "runContext() was called outside a workflow" });
  expect(thrownBy(stepContext)).toMatchObject({ message: "stepContext() was called outside a step", hint: expect.stringContaining("a step() while a run executes it") });
});

function thrownBy(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
}
