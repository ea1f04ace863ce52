import type { Script } from "node:vm";

// By `import` Node would prepare all that these export, its streams among it: a tenth of a short command's time.
const { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = process.getBuiltinModule("node:fs");
const { createRequire } = process.getBuiltinModule("node:module");
const path = process.getBuiltinModule("node:path");
const vm = process.getBuiltinModule("node:vm");

const root = path.join(import.meta.dirname, "../..");
const folder = path.join(root, "dist/short-way");

/** Where every `pyworkflow` begins: the short way for the commands that have one (short-way.ts), else the whole command line. */
export async function launch(argv: readonly string[]): Promise<void> {
  if (await takeShortWay(argv)) return;
  const { main } = await import("./entry.js");
  await main(argv);
}

async function takeShortWay(argv: readonly string[]): Promise<boolean> {
  // A line for the hash of the bundle, then one for each command in it: see build/bundle-short-way.js.
  const [hash = "", ...commands] = readFileSync(path.join(folder, "index.txt"), "utf8").trimEnd().split("\n");
  const command = commands.find((id) => isNamed(id.split(":"), argv));
  if (command === undefined) return false;
  const main = load(`${command.replace(":", "-")}-${hash}-${process.arch}-${process.versions.v8}`);
  return (await main(argv, root)) !== false;
}

/** Whether the words stand in the arguments, one behind the other. Flags may come before; short-way.ts looks closer. */
function isNamed(words: readonly string[], argv: readonly string[]): boolean {
  const first = argv.indexOf(words[0] ?? "");
  return first !== -1 && words.every((word, index) => argv[first + index] === word);
}

/** The `main` of short-way.ts, out of the bundle. */
function load(cacheName: string): AnyFunction {
  const file = path.join(folder, "short-way.cjs");
  const cachedData = compiledBefore(cacheName);
  // The bundle has nothing but ASCII in it.
  const text = `(function(require,importOutside){const module={};${readFileSync(file, "latin1")}\nreturn module.exports.main})`;
  const script = new vm.Script(text, { filename: file, ...(cachedData && { cachedData }) });
  if (cachedData === undefined || script.cachedDataRejected === true) keepWhatIsCompiled(script, cacheName);
  const importOutside = (specifier: string): Promise<unknown> => import(specifier);
  return asFunction(asFunction(script.runInThisContext())(createRequire(file), importOutside));
}

type AnyFunction = (...given: readonly unknown[]) => unknown;

function asFunction(value: unknown): AnyFunction {
  if (isFunction(value)) return value;
  throw new TypeError("dist/short-way was not built by build/bundle-short-way.js");
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

// What V8 has compiled is kept between processes, for each command what that needs. It is only ever a gain: whatever goes wrong with it costs
// time and nothing else.

const keptForDays = 30;

/** Beside the bundle; where the package lies in a folder of somebody else's, in one of the user's. */
function cacheFolders(): readonly string[] {
  const { XDG_CACHE_HOME: named = "", HOME: home = "" } = process.env;
  const ofUser = [named, path.join(home, ".cache")].filter((each) => path.isAbsolute(each));
  return [path.join(folder, "cache"), ...ofUser.map((each) => path.join(each, "pyworkflow"))];
}

function compiledBefore(name: string): Buffer | undefined {
  for (const cache of cacheFolders()) {
    try {
      return undamaged(readFileSync(path.join(cache, name)));
    } catch {
      // the first use
    }
  }
  return undefined;
}

/** V8 believes what it is given, and damaged code ends the process. So it is kept twice: to compare takes a tenth of the time that a checksum's module takes to load. */
function undamaged(twice: Buffer): Buffer | undefined {
  const [first, second] = [twice.subarray(0, twice.length / 2), twice.subarray(twice.length / 2)];
  return first.equals(second) ? first : undefined;
}

/** When the process ends well: what its command needs has been compiled then. */
function keepWhatIsCompiled(script: Script, name: string): void {
  process.once("exit", (code) => {
    if (code !== 0) return;
    const data = script.createCachedData();
    const twice = Buffer.concat([data, data]);
    cacheFolders().some((cache) => keep(twice, cache, name));
  });
}

function keep(data: Buffer, cache: string, name: string): boolean {
  const file = path.join(cache, name);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(cache, { recursive: true });
    // All of it is there, also after a power cut, or nothing.
    writeFileSync(draft, data, { flush: true });
    renameSync(draft, file);
    sweep(cache, statSync(file).mtimeMs);
    return true;
  } catch {
    return false; // this user can't write there
  }
}

/** Removes what other versions, and processes that were killed, have left. */
function sweep(cache: string, now: number): void {
  const files = readdirSync(cache).map((name) => path.join(cache, name));
  for (const file of files) if (now - statSync(file).mtimeMs > keptForDays * 86_400_000) rmSync(file);
}
