/** One thing that was looked at, under the names that JSON shows. */
export interface Finding {
  readonly check: "node" | "sqlite" | "config" | "modules" | "storage" | "integrity" | "workers" | "schedules" | "clock" | "disk";
  readonly status: "ok" | "warning" | "failure";
  readonly message: string;
  /** What to do about it; null where all is well. */
  readonly fix: string | null;
}
