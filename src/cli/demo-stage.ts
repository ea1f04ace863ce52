import { mkdtemp, realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProjectFolderError } from "../core/errors.js";
import { openProject } from "../main/open-project.js";
import type { Project } from "../services/project.js";
import { LiveLines } from "./live-lines.js";
import { paintFor } from "./screen.js";
import { DemoView } from "./views/demo.js";

/** A new folder for the tour. Throws ProjectFolderError. */
export async function demoFolder(): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(tmpdir(), "pyworkflow-demo-")));
  } catch (error) {
    throw new ProjectFolderError(tmpdir(), error);
  }
}

/** The environment without what would lead the tour's commands to another store or another form of output. */
export function demoEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYWORKFLOW_")));
}

export function openDemoProject(dir: string): Promise<Project> {
  return openProject({ access: "create", cwd: dir, env: {}, flags: {} });
}

export interface DemoViewOptions {
  readonly quiet: boolean;
  readonly noColor: boolean;
}

/** Moves on a terminal, at a pace to watch; plain lines where there is none, or no colours are wanted. */
export function openDemoView({ quiet, noColor }: DemoViewOptions): { readonly view: DemoView; readonly pauseMs: number } {
  const paint = paintFor("stderr", { noColor, env: process.env });
  const moving = !quiet && process.stderr.isTTY && paint.level > 0;
  const write = (text: string) => void (quiet || process.stderr.write(text));
  return { view: new DemoView(new LiveLines({ moving, write }), paint), pauseMs: moving ? 600 : 0 };
}
