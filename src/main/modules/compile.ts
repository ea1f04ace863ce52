import { readFile } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { BuildOptions, Loader, OnLoadResult, OnResolveArgs, OnResolveResult, Plugin, PluginBuild, ResolveResult } from "esbuild";
import { ownFolder, runningPackageFile } from "./running-package.js";

/** The name under which the module that we write ourselves appears in errors. */
export const entryName = "pyworkflow-modules.js";

/** What is compiled: a module of ours that imports the user's, as if it stood in their root folder. */
export interface Source {
  readonly root: string;
  readonly text: string;
}

export interface Compiled {
  /** One ES module with its source map in it. */
  readonly code: string;
  /** The user's files it was made of, absolute. */
  readonly inputs: readonly string[];
  /** The files of packages that it imports by their place on this disk, absolute. */
  readonly outside: readonly string[];
}

/** Everything that the source imports, except packages, as one module that works from `folder`. Rejects as esbuild does. */
export async function compile(source: Source, folder: string): Promise<Compiled> {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build(options(source, folder));
  const inputs = Object.keys(metafile.inputs).filter((input) => input !== entryName && !input.startsWith(`${viaImport}:`));
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path));
  const outside = imports.filter((path) => path.startsWith("file:")).map((url) => fileURLToPath(url));
  return {
    code: outputFiles[0]?.text ?? "",
    inputs: inputs.map((input) => resolve(source.root, input)).toSorted(),
    outside: outside.filter((path) => !path.startsWith(ownFolder)),
  };
}

function options({ root, text }: Source, folder: string) {
  return {
    stdin: { contents: text, resolveDir: root, sourcefile: entryName },
    absWorkingDir: root,
    outfile: join(folder, "bundle.mjs"),
    write: false,
    metafile: true,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    // Node knows no condition "module": what we resolve has to be what Node would.
    conditions: [],
    sourcemap: "inline",
    keepNames: true,
    charset: "utf8",
    legalComments: "none",
    logLevel: "silent",
    // A workflow module is imported for its effect, whatever its package.json says about side effects.
    ignoreAnnotations: true,
    banner: { js: requireBanner },
    define: fileDefines,
    plugins: [packages(folder), ownFile],
  } as const satisfies BuildOptions;
}

// For the require() of a CommonJS file; `require` itself is a name that esbuild leaves alone.
const requireBanner = 'import { createRequire as __pyworkflowRequire } from "node:module"; const require = __pyworkflowRequire(import.meta.url);';

const viaImport = "pyworkflow-import";
const asked = Symbol("asked by this plugin");

/**
 * Packages stay outside the bundle. `pyworkflow` is the one that runs, so that there is one registry; `zod` is ours where
 * the project has none. What the bundle would not find from its own folder is imported by its file.
 */
function packages(folder: string): Plugin {
  return {
    name: "packages",
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, async (args) => (args.pluginData === asked ? undefined : resolvePackage(build, args, folder)));
      build.onLoad({ filter: /./, namespace: viaImport }, ({ path }) => ({ contents: `export * from ${JSON.stringify(path)}`, loader: "js" }));
    },
  };
}

async function resolvePackage(build: PluginBuild, args: OnResolveArgs, folder: string): Promise<OnResolveResult | undefined> {
  if (args.namespace === viaImport) return { path: args.path, external: true };
  if (/^pyworkflow(\/|$)/.test(args.path)) return resolveOwn(args);
  const found = await ask(build, args, args.resolveDir);
  if (found.errors.length > 0) return resolveMissing(build, args, found);
  if (found.external) return { path: args.path, external: true };
  if (!/[\\/]node_modules[\\/]/.test(found.path)) return { path: found.path, namespace: found.namespace }; // an alias, or a linked package: the user's source
  const fromFolder = await ask(build, args, folder);
  return { path: fromFolder.path === found.path ? args.path : address(found.path, args), external: true };
}

async function ask(build: PluginBuild, { path, importer, kind }: OnResolveArgs, resolveDir: string): Promise<ResolveResult> {
  return build.resolve(path, { importer, kind, resolveDir, pluginData: asked });
}

function resolveOwn(args: OnResolveArgs): OnResolveResult {
  const file = runningPackageFile(args.path);
  if (file === undefined) return { errors: [{ text: `${args.path} is not exported by pyworkflow` }] };
  const path = pathToFileURL(file).href;
  return args.kind === "require-call" ? { path, namespace: viaImport } : { path, external: true };
}

async function resolveMissing(build: PluginBuild, args: OnResolveArgs, missing: ResolveResult): Promise<OnResolveResult> {
  if (/^zod(\/|$)/.test(args.path)) {
    const own = await ask(build, args, ownFolder);
    if (own.errors.length === 0) return { path: address(own.path, args), external: true };
  }
  // Asked for while it runs, often inside a try: it may be there by then, or be meant to be optional.
  if (args.kind === "dynamic-import" || args.kind === "require-call") return { path: args.path, external: true };
  return { errors: [{ text: missing.errors[0]?.text ?? `Could not resolve "${args.path}"` }] };
}

function address(path: string, { kind }: OnResolveArgs): string {
  return kind === "require-call" ? path : pathToFileURL(path).href;
}

// Names for what a file knows about itself: in the bundle all files would share the bundle's.
const fileDefines = {
  "import.meta.url": "__pyworkflowUrl",
  "import.meta.dirname": "__pyworkflowFolder",
  "import.meta.filename": "__pyworkflowFile",
  __dirname: "__pyworkflowFolder",
  __filename: "__pyworkflowFile",
};

const ownFile: Plugin = {
  name: "own-file",
  setup(build) {
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => withOwnFile(path, await readFile(path, "utf8")));
  },
};

function withOwnFile(path: string, text: string): OnLoadResult | undefined {
  if (!/import\.meta\b|__dirname|__filename/.test(text)) return undefined;
  // On the first line, so that every line keeps its number; behind nothing, so a shebang becomes a comment.
  return { contents: ownFileHead(path) + text.replace(/^#!/, "//"), loader: loaderOf(path) };
}

/** What is put before the first line of some files. */
export function ownFileHead(path: string): string {
  const own = { __pyworkflowUrl: pathToFileURL(path).href, __pyworkflowFolder: dirname(path), __pyworkflowFile: path };
  return Object.entries(own).map(([name, value]) => `var ${name} = ${JSON.stringify(value)}; `).join("");
}

function loaderOf(path: string): Loader {
  const kind = extname(path).replace(/^\.[cm]?/, "");
  return kind === "tsx" || kind === "jsx" || kind === "ts" ? kind : "js";
}
