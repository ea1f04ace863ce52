import { isAbsolute, relative } from "node:path";

/** The path as people like to read it: relative where it lies below the folder, else whole. */
export function shortPath(path: string, folder: string): string {
  const short = relative(folder, path);
  return short === "" || short.startsWith("..") || isAbsolute(short) ? path : short;
}
