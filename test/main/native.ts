import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

// Loading is what plain Node does with a file on disk, so it is tried in plain Node, not in the test runner's own loader.

/** This package's sources as Node can run them, in a folder of their own. */
export interface NativePackage {
  readonly folder: string;
  remove(): void;
}

export async function compilePackage(): Promise<NativePackage> {
  mkdirSync("tmp", { recursive: true });
  const folder = realpathSync(mkdtempSync("tmp/native-"));
  const sources = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
  await build({ entryPoints: sources.map((name) => `src/${name}`), outdir: folder, outbase: "src", format: "esm", target: "node20" });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What one process saw that loaded a project's modules. */
export interface Outcome {
  readonly version: string;
  readonly files: readonly string[];
  readonly workflows: readonly string[];
  readonly steps: readonly string[];
  /** What the modules left on `globalThis.seen`. */
  readonly seen: Record<string, unknown>;
  /** Whether the compiler was loaded. */
  readonly compiled: boolean;
  readonly error?: { readonly name: string; readonly message: string; readonly place?: string; readonly hint?: string };
}

/** A project in a temporary folder. */
export class Project {
  readonly root: string;

  constructor(files: Record<string, string>) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), "pyworkflow-modules-")));
    this.write(files);
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, name)), { recursive: true });
      writeFileSync(join(this.root, name), text);
    }
  }

  /** Loads modules of the project in a process of its own, whose working directory is the project. */
  async load(from: NativePackage, ...modules: readonly string[]): Promise<Outcome> {
    const request = { root: this.root, modules, modulePlaces: modules.map((_, index) => `config.yaml:${index + 1}:1`) };
    return this.run(from, `await loadModules(${JSON.stringify(request)})`);
  }

  async run(from: NativePackage, expression: string): Promise<Outcome> {
    const program = `
      globalThis.seen = {};
      const { loadModules, loadScript } = await import(${JSON.stringify(pathToFileURL(join(from.folder, "main/load-modules.js")).href)});
      const outcome = await (async () => ${expression})().catch((error) => ({ error: { ...error, name: error.name, message: error.message, cause: undefined } }));
      const registry = globalThis[Symbol.for("pyworkflow.v1")];
      const compiled = process.moduleLoadList?.length >= 0 && Object.keys((await import("node:module")).default._cache).some((file) => /node_modules.esbuild./.test(file));
      console.log(JSON.stringify({ ...outcome, workflows: [...registry?.workflows.keys() ?? []], steps: [...registry?.steps.keys() ?? []], seen, compiled }));`;
    const stdout = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, ["--input-type=module", "--eval", program], { cwd: this.root, env: {} }, (error, out, err) => (error ? reject(new Error(err)) : resolve(out)));
    });
    return JSON.parse(stdout) as Outcome;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
