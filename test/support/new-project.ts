import { execFile } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";

/** What `npm install` would bring to a new project, without its minutes: this package and what the templates ask for. */
export function linkPackages(project: string): void {
  const modules = join(project, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  symlinkSync(resolve("."), join(modules, "pyworkflow"));
  for (const name of ["zod", "@types/node"]) symlinkSync(resolve("node_modules", name), join(modules, name));
}

/** What `tsc` has to say of a project; nothing, where all is well. */
export async function compiled(project: string): Promise<string> {
  const compiler = execFile(process.execPath, [resolve("node_modules/typescript/bin/tsc"), "--pretty", "false"], { cwd: project });
  return compiler.stdout === null ? "" : text(compiler.stdout);
}
