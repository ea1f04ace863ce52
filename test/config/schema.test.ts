import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { isObject } from "../../src/base/json.js";
import { keys } from "../../src/config/keys.js";
import { configSchema } from "../../src/config/schema.js";

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(configSchema());

/** Where a configuration does not fit, and why; empty where it does. */
function misfits(yaml: string): readonly string[] {
  validate(parse(yaml));
  return (validate.errors ?? []).filter(({ keyword }) => keyword !== "anyOf").map(({ instancePath, keyword }) => `${instancePath} ${keyword}`);
}

describe("the schema that editors check a configuration with", () => {
  test("takes the configurations of this repository and of the templates", () => {
    const texts = ["pyworkflow.config.yaml", "templates/common/pyworkflow.config.yaml"].map((file) => readFileSync(file, "utf8").replace("{{storage}}", "sqlite"));
    expect(texts.map(misfits)).toEqual([[], []]);
  });

  test.each([
    ["nothing at all", "{}"],
    ["a block with nothing below it", "worker:\n"],
    ["the original's names of the storage's keys", "storage: { type: sqlite, base_path: ./x.db }"],
    ["variables, where a number is expected too", "worker: { processes: '${N:-2}', lease: '${LEASE}' }\nmodule: ${DIR}/workflows"],
    ["durations as text and as seconds", "worker: { lease: 1m30s, max_block: 90, shutdown_timeout: 0s }"],
  ])("takes %s", (_, yaml) => {
    expect(misfits(yaml)).toEqual([]);
  });

  test.each([
    ["an unknown key", "modul: ./workflows", [" additionalProperties"]],
    ["an unknown key of a block", "worker: { proceses: 2 }", ["/worker additionalProperties"]],
    ["a backend that does not exist", "storage: { backend: oracle }", ["/storage/backend enum"]],
    ["a number below the least", "worker: { concurrency: 0 }", ["/worker/concurrency minimum"]],
    ["a text that is no duration", "worker: { lease: soon }", ["/worker/lease pattern", "/worker/lease type"]],
    ["a scalar where a block is expected", "storage: sqlite", ["/storage type"]],
    ["a list where a text is expected", "module: [a, b]", ["/module type"]],
  ])("refuses %s", (_, yaml, where) => {
    expect([...new Set(misfits(yaml))]).toEqual(expect.arrayContaining(where));
  });

  test("knows every key, says what it means and what holds without it", () => {
    for (const key of Object.values(keys)) {
      const known = key.path.split(".").reduce((schema: unknown, name) => property(schema, name), configSchema());
      expect(known).toMatchObject({ title: key.path, description: expect.stringContaining(key.doc) });
      expect(isObject(known) && "default" in known).toBe("fallback" in key);
    }
  });

  test("gives the default of a duration as the file would have it", () => {
    expect(property(property(configSchema(), "worker"), "lease")).toMatchObject({ default: "15s" });
  });
});

function property(schema: unknown, name: string): unknown {
  const properties = isObject(schema) ? schema["properties"] : undefined;
  return isObject(properties) ? properties[name] : undefined;
}
