import { expect, test } from "vitest";
import { z } from "zod";
import { jsonSchemaOf } from "../../src/engine/input.js";

test("one field that JSON Schema has no word for does not take the others along", () => {
  const schema = z.object({ approved: z.boolean(), when: z.coerce.date(), until: z.date().optional() });
  expect(jsonSchemaOf(schema)).toMatchObject({ properties: { approved: { type: "boolean" }, when: {}, until: {} }, required: ["approved", "when"] });
});
