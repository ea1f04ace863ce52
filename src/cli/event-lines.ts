import { formatDuration } from "../base/duration.js";
import type { RecordedEvent } from "../core/events/event.js";
import type { RunRecord } from "../core/run.js";
import { eventData } from "../services/event-data.js";
import { toJson } from "./output.js";
import type { RunView } from "./watch-run.js";

export interface EventLinesOptions {
  /** What each event says, too. */
  readonly data: boolean;
  readonly note: (line: string) => void;
}

/** A line for each event of a run: where there is no terminal to draw on. */
export function eventLines({ data, note }: EventLinesOptions): RunView {
  const startedAt = new Map<string, number>();
  return {
    look: ({ run, events }) => {
      for (const event of events) note(`${lineOf(event, startedAt)}${data ? dataOf(run, event) : ""}`);
    },
    close: () => undefined,
  };
}

/** What an event says, behind its line. */
export function dataOf(run: RunRecord, event: RecordedEvent): string {
  return ` ${toJson(eventData(run, event))}`;
}

function lineOf(event: RecordedEvent, startedAt: Map<string, number>): string {
  const subject = "operationId" in event && event.operationId !== undefined ? ` ${event.operationId}` : "";
  if (event.type.endsWith(".started")) startedAt.set(subject, event.at);
  const began = startedAt.get(subject);
  const took = began === undefined || event.type.endsWith(".started") ? "" : ` after ${formatDuration(event.at - began)}`;
  return `  ${event.type}${subject}${took}`;
}
