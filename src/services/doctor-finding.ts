/** One thing that was looked at, under the names that JSON shows. */
export interface Finding {
  readonly check: "node" | "sqlite" | "config" | "modules" | "storage" | "integrity" | "workers" | "schedules" | "clock" | "disk";
  readonly status: "ok" | "warning" | "failure";
  readonly message: string;
  /** What to do about it; null where all is well. */
  readonly fix: string | null;
}

/** `setup`: only what a project is set up with, and no look into the store; `quick`: without what reads the whole store. */
export type Depth = "setup" | "quick" | "whole";

export interface DoctorOptions {
  readonly depth: Depth;
  /** Runs that were checked, and how many there are. */
  readonly onProgress?: (done: number, of: number) => void;
}
