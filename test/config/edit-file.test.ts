import { expect, test } from "vitest";
import { parse } from "yaml";
import { editConfig, type ConfigEdit } from "../../src/config/edit-file.js";

const path: ConfigEdit = { key: "storage.path", value: "./new.db" };
const one: ConfigEdit = { key: "modules", value: ["./flows"] };
const two: ConfigEdit = { key: "modules", value: ["./a.ts", "./b b.ts"] };

// What a person wrote stays, to the blank: only the value is another, or a line is added.
const cases: readonly (readonly [string, string, ConfigEdit, string])[] = [
  ["a value, its comment behind it", "storage:\n    path:   ./old.db   # here\nmodule: x\n", path, "storage:\n    path:   ./new.db   # here\nmodule: x\n"],
  ["quotes", 'storage: { path: "./old.db", backend: sqlite }\n', path, "storage: { path: ./new.db, backend: sqlite }\n"],
  ["the original's name of the key", "storage:\n  type: sqlite\n  base_path: ./old\n", path, "storage:\n  type: sqlite\n  base_path: ./new.db\n"],
  ["a key without a value", "storage:\n  path:\n  backend: sqlite\n", path, "storage:\n  path: ./new.db\n  backend: sqlite\n"],
  ["a key that is new in its block", "storage:\n  # which\n  backend: sqlite # this\n\nmodule: x\n", path, "storage:\n  # which\n  backend: sqlite # this\n  path: ./new.db\n\nmodule: x\n"],
  ["a block with nothing below it", "storage: # soon\nmodule: x\n", path, "storage: # soon\n  path: ./new.db\nmodule: x\n"],
  ["no block, no last line break, and Windows's line ends", "# mine\r\nmodule: x", path, "# mine\r\nmodule: x\r\nstorage: { path: ./new.db }\r\n"],
  ["comments alone", "# nothing yet\n", one, "# nothing yet\nmodule: ./flows\n"],
  ["one module becomes several", "module: x # mine\nruntime: local\n", two, 'modules: [./a.ts, "./b b.ts"] # mine\nruntime: local\n'],
  ["several become one", "modules: [x, y]\n", one, "modules: [./flows]\n"],
  ["a list below its key, by the parser", "modules:\n  - x\n  - y\nruntime: local\n", one, "modules:\n  - ./flows\nruntime: local\n"],
];
test.each(cases.map(([what, before, edit, after]) => ({ what, before, edit, after })))("$what", ({ before, edit, after }) => {
  expect(editConfig("pyworkflow.config.yaml", before, [edit])).toBe(after);
});

test("JSON stays JSON, with its indent; in a package.json only what is ours changes", () => {
  const json = '{\n    "module": "x",\n    "storage": {}\n}\n';
  expect(editConfig("pyworkflow.config.json", json, [one, path])).toBe('{\n    "module": "./flows",\n    "storage": { "path": "./new.db" }\n}\n');
  const manifest = '{\n\t"files": ["dist", "src"],\n\t"pyworkflow": { "module": "x" }\n}\n';
  expect(editConfig("/p/package.json", manifest, [path, two])).toBe(
    '{\n\t"files": ["dist", "src"],\n\t"pyworkflow": { "modules": ["./a.ts", "./b b.ts"], "storage": { "path": "./new.db" } }\n}\n',
  );
});

test("where a splice would not say what is wanted, the parser writes it; comments stay", () => {
  const edited = editConfig("pyworkflow.config.yaml", "modules:\n- x # the first\n# last words\n", [one]);
  expect(parse(edited)).toEqual({ modules: ["./flows"] });
  expect(edited).toContain("# last words");
});

test("what can't be changed alone is refused, with what to write", () => {
  const shared = "storage: &s { path: a }\nworker: *s\n";
  expect(() => editConfig("c.yaml", "base: &s { backend: sqlite }\nstorage: *s\n", [path])).toThrow("storage.path can't be changed here without changing more");
  expect(() => editConfig("c.yaml", shared, [path])).toThrow(expect.objectContaining({ hint: "write it by hand: storage: { path: ./new.db }" }));
  expect(() => editConfig("c.yaml", "module: a\nmodules: [b]\n", [one])).toThrow("it has both module and modules");
});
