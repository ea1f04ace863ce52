import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Known, KnownCommand } from "./completion.js";

interface Manifest {
  readonly commands: Readonly<Record<string, KnownCommand & { readonly hidden?: boolean; readonly aliases: readonly string[] }>>;
}

interface Package {
  readonly oclif: { readonly topics: Readonly<Record<string, { readonly description: string }>> };
}

/** What the program understands, as its build wrote it down: somebody waits at a Tab, and oclif takes longer to read the same. */
export async function knownCommands(root: string): Promise<Known> {
  const [{ commands }, { oclif }] = await Promise.all([readJson<Manifest>(join(root, "oclif.manifest.json")), readJson<Package>(join(root, "package.json"))]);
  const shown = Object.values(commands).filter(({ hidden = false }) => !hidden);
  return {
    commands: shown.flatMap((command) => [command.id, ...command.aliases].map((id) => ({ ...command, id }))),
    topics: Object.entries(oclif.topics).map(([name, { description }]) => ({ name, description })),
  };
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, "utf8"));
}
