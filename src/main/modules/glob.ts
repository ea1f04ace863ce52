import { readdirSync } from "node:fs";
import { join, sep } from "node:path";

/** Whether the text is a pattern and not a path. */
export function isGlob(text: string): boolean {
  return /[*?{]/.test(text);
}

/**
 * The files that an absolute pattern names, sorted: `*` and `?` within a folder, `**` across folders, `{a,b}`.
 * Folders that begin with a dot and node_modules are left out unless the pattern names them.
 */
export function filesOfGlob(pattern: string): string[] {
  const parts = pattern.split(/[\\/]/);
  const fixed = parts.slice(0, parts.findIndex(isGlob));
  const matches = new RegExp(`^${parts.slice(fixed.length).map(source).join("")}$`);
  const folder = `${fixed.join(sep)}${sep}`;
  return filesBelow(folder).filter((file) => matches.test(`/${file.slice(folder.length).split(sep).join("/")}`));
}

/** Every file below a folder, sorted, without those in node_modules and in folders that begin with a dot. */
export function filesBelow(folder: string): string[] {
  return entriesOf(folder)
    .filter(({ name }) => !name.startsWith(".") && name !== "node_modules")
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]))
    .toSorted();
}

function entriesOf(folder: string): { name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // no such folder: nothing matches
  }
}

// One part of the pattern, its leading slash included.
function source(part: string): string {
  if (part === "**") return "(?:/[^/]+)*";
  const pieces = part.match(/\*+|\?|\{[^}]*\}|[^*?{]+|./g) ?? [];
  return `/${pieces.map(piece).join("")}`;
}

function piece(text: string): string {
  if (text.startsWith("*")) return "[^/]*";
  if (text === "?") return "[^/]";
  if (text.startsWith("{") && text.endsWith("}")) return `(?:${text.slice(1, -1).split(",").map(source).map((option) => option.slice(1)).join("|")})`;
  return text.replaceAll(/[\\^$.|+()[\]{}*?]/g, String.raw`\$&`);
}
