import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type SchemaObject } from "ajv/dist/2020.js";
import formats from "ajv-formats";

const folder = "docs/cli/schema";

/** The names of the schemas that are checked in: `runs-list.json`. */
export const schemaNames: readonly string[] = readdirSync(folder).filter((name) => name.endsWith(".json")).toSorted();

const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true });
formats.default(ajv);
for (const name of schemaNames) ajv.addSchema(schemaOf(name), name);

export function schemaOf(name: string): SchemaObject {
  return JSON.parse(readFileSync(join(folder, name), "utf8")) as SchemaObject;
}

/** What of the document is not as the schema of that name says, each with its path; empty where all is. */
export function violations(name: string, document: unknown): readonly string[] {
  const validate = ajv.getSchema(name);
  if (validate === undefined) throw new Error(`there is no schema ${name} in ${folder}`);
  if (validate(document) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => `$${instancePath} ${message} ${JSON.stringify(params)}`);
}
