import { eventTypes, type EventType, type RecordedEvent } from "../core/events/event.js";
import { eventIdOf } from "../core/ids.js";
import type { RunRecord } from "../core/run.js";
import { eventData, type EventData } from "./event-data.js";
import { findRun } from "./find-run.js";
import type { Project } from "./project.js";
import { waitRun, type RunNews } from "./wait-run.js";

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
  readonly types?: readonly EventType[];
}

/** The events of a run, oldest first. Throws as {@link findRun}. */
export async function showLog(project: Project, { id, ...which }: ShowLogOptions): Promise<readonly LogEntry[]> {
  const run = await findRun(project, id);
  return entriesOf(run, await project.backend.readHistory(run.runId, 0), which);
}

export interface FollowLogOptions extends ShowLogOptions {
  /** Ends it: somebody has seen enough. */
  readonly signal: AbortSignal;
  /** Told of events at once; first of those that there are, and at each look of none where there are none. */
  readonly onEntries: (entries: readonly LogEntry[]) => void;
}

/** Tells of the events of a run, and of the runs that go on in its place, until it has ended or is parked. The run as it then is. Throws as {@link findRun}. */
export async function followLog(project: Project, { id, signal, onEntries, ...which }: FollowLogOptions): Promise<RunRecord> {
  const { runId } = await findRun(project, id);
  const onLook = ({ run, events }: RunNews): void => {
    onEntries(entriesOf(run, events, which));
  };
  return waitRun(project, { runId, signal, onLook });
}

function entriesOf(run: RunRecord, history: readonly RecordedEvent[], { filter = "", types }: Omit<ShowLogOptions, "id">): readonly LogEntry[] {
  return history
    .filter(({ type }) => underscored(type).includes(underscored(filter)))
    .filter(({ type }) => types?.includes(type) ?? true)
    .map((event) => ({
      event_id: eventIdOf(run.runId, event.sequence),
      sequence: event.sequence,
      type: event.type,
      timestamp: new Date(event.at),
      data: eventData(run, event),
    }));
}

/** The type that a person means by `step.completed` or `step_completed`; undefined where there is none. */
export function eventTypeOf(text: string): EventType | undefined {
  return eventTypes.find((type) => underscored(type) === underscored(text));
}

// People type step_completed as well as step.completed.
function underscored(type: string): string {
  return type.toLowerCase().replaceAll(".", "_");
}
