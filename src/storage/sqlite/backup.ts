import { existsSync, renameSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { FileExistsError, StoreNotFoundError } from "../../core/errors.js";
import type { BackupRequest } from "../upkeep.js";
import type { Connection } from "./connection.js";
import { flush, takeName, withCopy } from "./copy.js";
import { refused } from "./errors.js";

/** Writes beside the place first: what stands there in the end is whole, on the disk, and was opened. */
export async function backup(connection: Connection, request: BackupRequest): Promise<void> {
  const { path, force = false, ...watched } = request;
  const source = connection.path;
  if (connection.format === undefined) throw new StoreNotFoundError(source);
  refuseTarget(source, path, force);
  await withCopy(source, path, { ...watched, use: (part) => putInPlace(part, path, force) });
}

function refuseTarget(source: string, path: string, force: boolean): void {
  if (resolve(path) === source) throw refused(`${path} is the store itself`, "unreadable", "name another file for the copy");
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) throw refused(`${path} is a folder, not a file`, "unreadable", "name a file in it");
  if (stat && !force) throw new FileExistsError(path);
  if (!existsSync(dirname(path))) throw refused(`there is no folder ${dirname(path)}`, "unreadable", "make it, or name another one");
}

function putInPlace(part: string, path: string, force: boolean): void {
  if (force) renameSync(part, path);
  else takeName(part, path);
  flush(dirname(path));
}
