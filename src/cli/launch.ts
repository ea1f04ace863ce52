import type { Script } from "node:vm";

// By `import` Node would prepare all that these export, its streams among it: a tenth of a short command's time.
const { mkdirSync, readFileSync, renameSync, writeFileSync } = process.getBuiltinModule("node:fs");
const { createRequire } = process.getBuiltinModule("node:module");
const path = process.getBuiltinModule("node:path");
const vm = process.getBuiltinModule("node:vm");

const folder = path.join(import.meta.dirname, "../shell");

/** Where every `pyworkflow` begins: the short way for the commands that have one (shell.ts), else the whole command line. */
export async function launch(argv: readonly string[]): Promise<void> {
  if (await takeShortWay(argv)) return;
  const { main } = await import("./entry.js");
  await main(argv);
}

async function takeShortWay(argv: readonly string[]): Promise<boolean> {
  // A line for the hash of the bundle, then one for each command in it: see bin/bundle-shell.js.
  const [hash = "", ...commands] = readFileSync(path.join(folder, "index.txt"), "utf8").trimEnd().split("\n");
  const command = commands.find((id) => isNamed(id.split(":"), argv));
  if (command === undefined) return false;
  const main = load(path.join(folder, "cache", `${command.replace(":", "-")}-${hash}-${process.arch}-${process.versions.v8}`));
  return (await main(argv)) !== false;
}

/** Whether the words stand in the arguments, one behind the other. Flags may come before; the shell looks closer. */
function isNamed(words: readonly string[], argv: readonly string[]): boolean {
  const first = argv.indexOf(words[0] ?? "");
  return first !== -1 && words.every((word, place) => argv[first + place] === word);
}

/** The `main` of shell.ts, out of the bundle. */
function load(cacheFile: string): AnyFunction {
  const file = path.join(folder, "shell.cjs");
  const cachedData = compiledBefore(cacheFile);
  // The bundle has nothing but ASCII in it.
  const text = `(function(require,importOutside){const module={};${readFileSync(file, "latin1")}\nreturn module.exports.main})`;
  const script = new vm.Script(text, { filename: file, ...(cachedData && { cachedData }) });
  if (cachedData === undefined || script.cachedDataRejected === true) keepWhatIsCompiled(script, cacheFile);
  const importOutside = (specifier: string): Promise<unknown> => import(specifier);
  return asFunction(asFunction(script.runInThisContext())(createRequire(file), importOutside));
}

type AnyFunction = (...given: readonly unknown[]) => unknown;

function asFunction(value: unknown): AnyFunction {
  if (isFunction(value)) return value;
  throw new TypeError("dist/shell was not built by bin/bundle-shell.js");
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === "function";
}

// What V8 has compiled is kept between processes, for each command what that needs. It is only ever a gain: whatever goes wrong with it costs
// time and nothing else.

function compiledBefore(cacheFile: string): Buffer | undefined {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined; // the first use
  }
}

/** When the process ends well: what its command needs has been compiled then. */
function keepWhatIsCompiled(script: Script, cacheFile: string): void {
  process.once("exit", (code) => {
    if (code !== 0) return;
    const draft = `${cacheFile}.${process.pid}`;
    try {
      mkdirSync(path.join(folder, "cache"), { recursive: true });
      // V8 believes what it reads: all of it is there, also after a power cut, or nothing.
      writeFileSync(draft, script.createCachedData(), { flush: true });
      renameSync(draft, cacheFile);
    } catch {
      // the package lies where this user can't write
    }
  });
}
