import { createHash, randomBytes } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { systemClock } from "../../base/clock.js";
import { compile, type Source } from "./compile.js";
import { ownFolder } from "./running-package.js";

/** A compiled module on disk. */
export interface Bundle {
  /** Absolute. */
  readonly file: string;
  /** The user's files it was made of, absolute and sorted, with the hash of each file's content. */
  readonly inputs: readonly Input[];
}

export interface Input {
  readonly path: string;
  readonly hash: string;
}

/** The source compiled; without work, and without loading the compiler, where nothing it was made of has changed. */
export async function bundle(source: Source): Promise<Bundle> {
  const folder = await cacheFolder(source.root);
  const manifest = join(folder, `${hashOf([formatVersion, ownFolder, source.root, source.text]).slice(0, 16)}.json`);
  return (await upToDate(manifest)) ?? (await compileInto(folder, manifest, source));
}

/** A short fingerprint of texts in their order. */
export function hashOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest("hex");
}

// Raised when a bundle is made in another way: what an older release left behind must not be taken up.
const formatVersion = "1";
const bundlesMax = 20;

async function cacheFolder(root: string): Promise<string> {
  const installed = existsSync(join(root, "node_modules"));
  const folder = installed ? join(root, "node_modules/.cache/pyworkflow") : join(root, ".pyworkflow/cache");
  try {
    await mkdir(folder, { recursive: true });
    if (!installed) await writeFile(join(folder, ".gitignore"), "*\n");
    return folder;
  } catch {
    // A project that can't be written to (an image, a read-only mount) still runs. A name that nobody can guess: what lies there is executed.
    const folderOfThisProcess = await mkdtemp(join(tmpdir(), "pyworkflow-"));
    process.once("exit", () => rmSync(folderOfThisProcess, { recursive: true, force: true }));
    return folderOfThisProcess;
  }
}

interface Manifest {
  readonly bundle: string;
  /** The hash is "" for a file that did not exist: it counts when it appears. */
  readonly inputs: readonly Input[];
  readonly settings: readonly Input[];
}

async function upToDate(path: string): Promise<Bundle | undefined> {
  const manifest = await readManifest(path);
  if (manifest === undefined || !existsSync(manifest.bundle)) return undefined;
  const recorded = [...manifest.inputs, ...manifest.settings];
  const now = await hashFiles(recorded.map((input) => input.path));
  return now.every(({ hash }, index) => hash === recorded[index]?.hash) ? { file: manifest.bundle, inputs: manifest.inputs } : undefined;
}

async function readManifest(path: string): Promise<Manifest | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(path, "utf8"));
    return isManifest(manifest) ? manifest : undefined;
  } catch {
    return undefined; // none yet, or half of one
  }
}

function isManifest(value: unknown): value is Manifest {
  return typeof value === "object" && value !== null && "bundle" in value && "inputs" in value && "settings" in value;
}

async function compileInto(folder: string, manifest: string, source: Source): Promise<Bundle> {
  const startedAtMs = systemClock.now();
  const { code, inputs: paths, outside } = await compile(source, folder);
  const file = join(folder, `${hashOf([code]).slice(0, 16)}.mjs`);
  const inputs = await hashFiles(paths);
  const settings = await hashFiles([...(await settingsOf(source.root, paths)), ...outside]);
  await writeWhole(file, code);
  // A file that was saved meanwhile may not be the one that was compiled: then the next start compiles again.
  const stillTheSame = (await changedAtMs(paths)).every((atMs) => atMs < startedAtMs);
  if (stillTheSame) await writeWhole(manifest, JSON.stringify({ bundle: file, inputs, settings } satisfies Manifest));
  await prune(folder);
  return { file, inputs };
}

async function hashFiles(paths: readonly string[]): Promise<Input[]> {
  return Promise.all(paths.map(async (path) => ({ path, hash: await readFile(path, "utf8").then((text) => hashOf([text]), () => "") })));
}

// Beside the code, what compiles it differently: the package.json and the tsconfig files above it.
async function settingsOf(root: string, inputs: readonly string[]): Promise<string[]> {
  const folders = new Set([root, ...inputs.map((input) => dirname(input))].flatMap(upward));
  const found = [...folders].map(async (folder) => {
    const names = await readdir(folder).catch((): string[] => []);
    const configs = names.filter((name) => /^tsconfig.*\.json$/.test(name));
    return ["tsconfig.json", "package.json", ...configs].map((name) => join(folder, name));
  });
  return [...new Set((await Promise.all(found)).flat())];
}

function upward(folder: string): string[] {
  return dirname(folder) === folder ? [folder] : [folder, ...upward(dirname(folder))];
}

// Other processes read it at any moment: all of it is there, or nothing.
async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString("hex")}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}

// The newest stay: another process may be about to import one of them.
async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".mjs"));
  const ages = await changedAtMs(names.map((name) => join(folder, name)));
  const aged = names.map((name, index) => ({ name, atMs: ages[index] ?? 0 }));
  const old = aged.toSorted((left, right) => right.atMs - left.atMs).slice(bundlesMax);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}

// Infinity for a file that is gone.
async function changedAtMs(paths: readonly string[]): Promise<number[]> {
  return Promise.all(paths.map(async (path) => stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity)));
}
