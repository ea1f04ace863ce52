import type { EventType } from "../core/events/event.js";
import { eventIdOf } from "../core/ids.js";
import { eventData, type EventData } from "./event-data.js";
import { findRun } from "./find-run.js";
import type { Project } from "./project.js";

/** An event of a run, under the names that JSON shows, its values decoded. */
export interface LogEntry {
  readonly event_id: string;
  readonly sequence: number;
  readonly type: EventType;
  readonly timestamp: Date;
  readonly data: EventData;
}

export interface ShowLogOptions {
  /** A run id, a prefix, or `@last`. */
  readonly id: string;
  /** Only types that contain this text; `step_failed` means `step.failed`. */
  readonly filter?: string;
  /** Only these types. */
  readonly types?: readonly string[];
}

/** The events of a run, oldest first. Throws as {@link findRun}. */
export async function showLog(project: Project, { id, filter = "", types }: ShowLogOptions): Promise<readonly LogEntry[]> {
  const run = await findRun(project, id);
  const history = await project.backend.readHistory(run.runId, 0);
  const exact = types?.map(underscored);
  return history
    .filter(({ type }) => underscored(type).includes(underscored(filter)))
    .filter(({ type }) => exact?.includes(underscored(type)) ?? true)
    .map((event) => ({
      event_id: eventIdOf(run.runId, event.sequence),
      sequence: event.sequence,
      type: event.type,
      timestamp: new Date(event.at),
      data: eventData(run, event),
    }));
}

// People type step_completed as well as step.completed.
function underscored(type: string): string {
  return type.toLowerCase().replaceAll(".", "_");
}
