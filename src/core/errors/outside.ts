import { didYouMean } from "../../base/nearest.js";
import { PyworkflowError } from "./pyworkflow-error.js";
import { shown } from "./shown.js";

/** Why a store failed, and what became of the write. */
export interface StorageFailure {
  readonly kind: "busy" | "full" | "io" | "closed" | "unreadable" | "newer" | "older" | "network" | "unsupported" | "gone";
  /** What became of the write: nothing of it was kept, or only reading again can tell. */
  readonly outcome: "rolled_back" | "unknown";
  readonly hint: string;
  readonly cause?: unknown;
}

/** The store could not do what it was asked to. */
export class StorageError extends PyworkflowError {
  static override readonly code = "STORAGE";
  readonly kind: StorageFailure["kind"];
  readonly outcome: StorageFailure["outcome"];
  constructor(message: string, failure: StorageFailure) {
    super(message, failure.hint, { cause: failure.cause });
    this.kind = failure.kind;
    this.outcome = failure.outcome;
  }
}

/** Whether a store was replaced or deleted under this process: to try again is of no use, ever. */
export function isStoreGone(error: unknown): error is StorageError {
  return error instanceof StorageError && error.kind === "gone";
}

/** Nothing is where the store should be, and what was asked for is about a store. */
export class StoreNotFoundError extends PyworkflowError {
  static override readonly code = "STORE_NOT_FOUND";
  readonly path: string;
  constructor(path: string, hint = "name another one with --storage-path; the first run or schedule makes one") {
    super(`there is no store at ${path}`, hint);
    this.path = path;
  }
}

/** Where something that a person wrote went wrong, and what to write instead. */
export interface Advice extends ErrorOptions {
  /** `file:line:column`, a flag, or a variable. */
  readonly place: string;
  readonly hint: string;
}

/** The configuration does not say what we understand. */
export class ConfigError extends PyworkflowError {
  static override readonly code = "CONFIG";
  readonly place: string;
  constructor(message: string, { place, hint, ...options }: Advice) {
    super(`${place}: ${message}`, hint, options);
    this.place = place;
  }
}

/** A workflow module could not be found, compiled or imported. */
export class ModuleError extends PyworkflowError {
  static override readonly code = "MODULE";
  readonly place: string;
  constructor(message: string, { place, hint, ...options }: Advice) {
    super(`${place}: ${message}`, hint, options);
    this.place = place;
  }
}

/** A new project would replace files that are there already. Nothing was written. */
export class FilesExistError extends PyworkflowError {
  static override readonly code = "FILES_EXIST";
  readonly dir: string;
  readonly files: readonly string[];
  constructor(dir: string, files: readonly string[]) {
    super(`${dir} has ${files.join(", ")} already, with another content`, "--yes replaces them and keeps a backup of each; --dir names another folder");
    this.dir = dir;
    this.files = files;
  }
}

/** A file that is to be written is there already. Nothing was changed. */
export class FileExistsError extends PyworkflowError {
  static override readonly code = "FILE_EXISTS";
  readonly path: string;
  constructor(path: string) {
    super(`${path} exists already`, "name another file, or give --force to put the new one in its place");
    this.path = path;
  }
}

/** A new project could not be written; the folder is as it was. */
export class ProjectFolderError extends PyworkflowError {
  static override readonly code = "PROJECT_FOLDER";
  readonly path: string;
  constructor(path: string, cause: unknown) {
    super(`${path} can't be written: ${cause instanceof Error ? cause.message : String(cause)}`, "nothing was changed; make the folder writable, or name another one", { cause });
    this.path = path;
  }
}

/** The guided tour did not see what it promises. */
export class DemoFailedError extends PyworkflowError {
  static override readonly code = "DEMO_FAILED";
  /** The project it left behind, to look into. */
  readonly dir: string;
  constructor(message: string, dir: string, options?: ErrorOptions) {
    super(message, `the project is kept in ${dir}; pyworkflow runs logs @last shows what happened there`, options);
    this.dir = dir;
  }
}

/** A worker process ended before it could claim anything. */
export class WorkerProcessError extends PyworkflowError {
  static override readonly code = "WORKER_PROCESS";
  constructor(exit: string) {
    super(`a worker process ${exit} before it was ready`, "look at what it printed: a workflow module probably ends its process when it is imported");
  }
}

/** The process was ended in the middle of a command, by code that is not ours. */
export class EndedEarlyError extends PyworkflowError {
  static override readonly code = "ENDED_EARLY";
  constructor() {
    super(
      "the process ended before the command was done: a workflow module or a step called process.exit, failed where nobody catches, or waits at its top for what never comes",
      "look for that in your modules; a step that gives up throws FatalError",
    );
  }
}

/** No living worker of the store has such an id. */
export class WorkerNotFoundError extends PyworkflowError {
  static override readonly code = "WORKER_NOT_FOUND";
  readonly query: string;
  /** `meant`: the nearest id that there is. */
  constructor(query: string, { meant }: { readonly meant?: string | undefined } = {}) {
    super(`there is no living worker ${shown(query)} in this store`, didYouMean(meant, "pyworkflow worker list shows those that are alive"));
    this.query = query;
  }
}

/** An id prefix that fits more than one living worker. */
export class AmbiguousWorkerError extends PyworkflowError {
  static override readonly code = "WORKER_AMBIGUOUS";
  readonly prefix: string;
  readonly candidates: readonly string[];
  constructor(prefix: string, candidates: readonly string[]) {
    super(`${prefix} fits more than one worker: ${candidates.join(", ")}`, "type more of the id");
    this.prefix = prefix;
    this.candidates = candidates;
  }
}
