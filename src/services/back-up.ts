import { statSync } from "node:fs";
import type { BackupRequest } from "../storage/upkeep.js";
import type { Project } from "./project.js";

/** A copy of a store, under the names that JSON shows. */
export interface BackupRow {
  readonly path: string;
  readonly file_bytes: number;
}

/** Throws StorageError, or FileExistsError; then there is no copy. */
export async function backUp({ backend }: Project, request: BackupRequest): Promise<BackupRow> {
  await backend.backup(request);
  return { path: request.path, file_bytes: statSync(request.path).size };
}
