#!/usr/bin/env node
// Writes what is made of the compiled sources: oclif.manifest.json, with which a command loads its own file and not those
// of all the others, and the schema of the configuration, to which the projects that we write point their editors.
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Config } from "@oclif/core/config";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const file = join(root, "oclif.manifest.json");
rmSync(file, { force: true }); // oclif would read it again instead of the commands
const { plugins } = await Config.load({ root, userPlugins: false });
const [plugin] = plugins.values();
writeFileSync(file, `${JSON.stringify(plugin.manifest)}\n`);

const { configSchema } = await import("../dist/config/schema.js");
writeFileSync(join(root, "dist/config.schema.json"), `${JSON.stringify(configSchema(), undefined, 2)}\n`);
