#!/usr/bin/env node
// Writes oclif.manifest.json: with it, a command loads its own file and not those of all the others.
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Config } from "@oclif/core/config";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
// An older one would be read instead of the commands: new ones would be missing from it.
rmSync(join(root, "oclif.manifest.json"), { force: true });
const { plugins } = await Config.load({ root, userPlugins: false });
const [plugin] = plugins.values();
writeFileSync(join(root, "oclif.manifest.json"), `${JSON.stringify(plugin.manifest)}\n`);
