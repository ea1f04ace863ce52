import type { OnProgress } from "../base/on-progress.js";
import { PyworkflowError } from "../core/errors.js";

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
  readonly onProgress?: OnProgress;
}

type Check = Finding["check"];

export function ok(check: Check, message: string): Finding {
  return { check, status: "ok", message, fix: null };
}

export function warning(check: Check, message: string, fix: string): Finding {
  return { check, status: "warning", message, fix };
}

export function failure(check: Check, message: string, fix: string | null): Finding {
  return { check, status: "failure", message, fix };
}

/** What a look found, or the failure that it died of; with a `fix` also of what is no error of ours. Our own bugs go on. */
export async function attempt(check: Check, look: () => Promise<readonly Finding[]>, fix?: string): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PyworkflowError) return [failure(check, error.message, error.hint)];
    if (fix === undefined) throw error;
    const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return [failure(check, message, fix)];
  }
}
