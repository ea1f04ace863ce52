import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BugError } from "../base/unreachable.js";
import type { Known, KnownCommand } from "./completion.js";

interface Manifest {
  readonly commands: Readonly<Record<string, KnownCommand & { readonly hidden?: boolean; readonly aliases: readonly string[] }>>;
}

interface Package {
  readonly oclif: { readonly topics: Readonly<Record<string, { readonly description: string }>> };
}

/** What the program understands, as its build wrote it down: somebody waits at a Tab, and oclif takes longer to read the same. */
export async function knownCommands(root: string): Promise<Known> {
  const [{ commands }, { oclif }] = await Promise.all([readJson<Manifest>(join(root, "oclif.manifest.json"), "commands"), readJson<Package>(join(root, "package.json"), "oclif")]);
  const shown = Object.values(commands).filter(({ hidden = false }) => !hidden);
  return {
    commands: shown.flatMap((command) => [command.id, ...command.aliases].map((id) => ({ ...command, id }))),
    topics: Object.entries(oclif.topics).map(([name, { description }]) => ({ name, description })),
  };
}

async function readJson<T extends object>(file: string, key: keyof T & string): Promise<T> {
  const value: unknown = JSON.parse(await readFile(file, "utf8"));
  if (has<T>(value, key)) return value;
  throw new BugError(`${file} has no ${key}`);
}

function has<T extends object>(value: unknown, key: keyof T): value is T {
  return typeof value === "object" && value !== null && key in value;
}
