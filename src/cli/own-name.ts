import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** How a person calls this program: `pyworkflow` where a shell finds it, else through npx in a project that has installed it. */
export function ownName(env: NodeJS.ProcessEnv = process.env): "pyworkflow" | "npx pyworkflow" {
  // npx and npm put folders of their own in front of the PATH, which the person's shell does not have.
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "" && !folder.includes("node_modules"));
  const files = process.platform === "win32" ? ["pyworkflow.cmd", "pyworkflow.exe"] : ["pyworkflow"];
  const found = folders.some((folder) => files.some((file) => existsSync(join(folder, file))));
  return found ? "pyworkflow" : "npx pyworkflow";
}
