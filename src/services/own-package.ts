import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { BugError } from "../base/unreachable.js";

/** The folder of the running package: a checkout, or where it was installed. Absolute, links resolved. */
export const packageRoot = fileURLToPath(new URL("../..", import.meta.url)).replace(/[\\/]$/, "");

/**
 * How another project's package.json names the running package, so that `npm install` there brings the same code: by
 * version where it came from a registry, by `file:` where it is a checkout or came from a tarball or a folder.
 */
export async function packageReference(root: string = packageRoot): Promise<string> {
  const host = hostProject(root);
  if (host === undefined) return fileReference(root);
  const spec = await dependencySpec(join(host, "package.json"), "pyworkflow");
  // A global install leaves no note of where it came from: its folder is what we know.
  if (spec === undefined) return fileReference(root);
  if (spec.startsWith("file:")) return tarballReference(resolve(host, spec.slice("file:".length)), root);
  // A git or tarball address stays as it is; a range or a tag (`latest`) becomes the version that runs.
  return spec.includes(":") ? spec : `^${await ownVersion(root)}`;
}

/** Whether code in that folder finds a package of this name. */
export function hasPackage(folder: string): boolean {
  if (existsSync(join(folder, "node_modules", "pyworkflow", "package.json"))) return true;
  return dirname(folder) !== folder && hasPackage(dirname(folder));
}

async function ownVersion(root: string): Promise<string> {
  const version = text(await readJson(join(root, "package.json")), "version");
  if (version === undefined) throw new BugError(`${join(root, "package.json")} has no version`);
  return version;
}

// The folder whose package.json was installed from: above the outermost node_modules. Undefined for a checkout.
function hostProject(root: string): string | undefined {
  const at = root.indexOf(`${sep}node_modules${sep}`);
  return at === -1 ? undefined : root.slice(0, at);
}

async function dependencySpec(file: string, name: string): Promise<string | undefined> {
  if (!existsSync(file)) return undefined;
  const manifest = await readJson(file);
  const lists = ["dependencies", "devDependencies", "optionalDependencies"].map((key) => field(manifest, key));
  return lists.map((list) => text(list, name)).find((spec) => spec !== undefined);
}

// The tarball may be gone since (a temporary file, a cleaned cache).
function tarballReference(path: string, root: string): string {
  return fileReference(existsSync(path) ? path : root);
}

function fileReference(path: string): string {
  return `file:${path.split(sep).join("/")}`;
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, "utf8"));
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}

function text(value: unknown, key: string): string | undefined {
  const found = field(value, key);
  return typeof found === "string" ? found : undefined;
}
