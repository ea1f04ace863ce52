import { readdir, readFile, stat } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import type { Config } from "../../config/config.js";
import type { SourceFile } from "../../runtime/supervisor/messages.js";
import type { CodeWatch } from "../../runtime/supervisor/parts.js";
import { hashOf } from "./cache.js";
import { extensions, findModules } from "./find.js";

/** Watches the files of the workflow modules by looking at them: on every file system, in containers and over networks, and past any editor's way to save. */
export function watchCode(config: Pick<Config, "root" | "modules">): CodeWatch {
  return new Watch(config);
}

/** The hash of each file's text; "" for a file that is not there. */
type Texts = ReadonlyMap<string, string>;

class Watch implements CodeWatch {
  readonly #config: Pick<Config, "root" | "modules">;
  readonly #read = new Map<string, { readonly stamp: string; readonly hash: string }>();
  #sources: readonly SourceFile[] = [];
  /** As it was when it was told of, or when it was loaded. */
  #known: Texts = new Map();
  #last = "";

  constructor(config: Pick<Config, "root" | "modules">) {
    this.#config = config;
  }

  async changed(sources: readonly SourceFile[]): Promise<readonly string[]> {
    if (sources !== this.#sources) this.#begin(sources);
    const now = await this.#texts(this.#hasFailed());
    const state = JSON.stringify([...now]);
    const standsStill = state === this.#last; // half of a save, or of a change of branches, is nothing to load
    this.#last = state;
    const names = [...now.keys()].filter((path) => now.get(path) !== (this.#known.get(path) ?? ""));
    if (names.length === 0 || !standsStill) return [];
    this.#known = await this.#texts(true);
    return names.map((path) => relative(this.#config.root, path));
  }

  #begin(sources: readonly SourceFile[]): void {
    this.#sources = sources;
    this.#known = new Map([...this.#known, ...sources.map(({ path, hash }) => [path, hash] as const)]);
  }

  // What was told of last is not what runs: it could not be loaded. Then a file that was missing may be new beside the others.
  #hasFailed(): boolean {
    return this.#sources.some(({ path, hash }) => this.#known.get(path) !== hash);
  }

  async #texts(andNeighbours: boolean): Promise<Texts> {
    const paths = [...this.#sources.map(({ path }) => path), ...this.#entries(), ...(andNeighbours ? await this.#neighbours() : [])];
    const unique = [...new Set(paths)].toSorted();
    return new Map(await Promise.all(unique.map(async (path) => [path, await this.#hash(path)] as const)));
  }

  #entries(): readonly string[] {
    const { root, modules } = this.#config;
    return modules.flatMap((module) => {
      try {
        return findModules(root, { module, place: "" }).flatMap(({ specifier, file }) => (specifier === file ? [file] : []));
      } catch {
        return []; // gone: the files that it was made of say so
      }
    });
  }

  async #neighbours(): Promise<readonly string[]> {
    const folders = [...new Set(this.#sources.map(({ path }) => dirname(path)))];
    const names = await Promise.all(folders.map(async (folder) => (await readdir(folder).catch(() => [])).map((name) => join(folder, name))));
    return names.flat().filter((path) => [...extensions, ".json"].includes(extname(path)));
  }

  async #hash(path: string): Promise<string> {
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) return "";
    const stamp = `${stats.mtimeMs} ${stats.size} ${stats.ino}`;
    const read = this.#read.get(path);
    if (read?.stamp === stamp) return read.hash;
    const hash = await readFile(path, "utf8").then((text) => hashOf([text]), () => "");
    this.#read.set(path, { stamp, hash });
    return hash;
  }
}
