import { decode, type Encoded } from "../base/codec.js";
import type { RecordedEvent } from "./events/event.js";
import type { HookRecord } from "./hooks.js";
import type { RunId, ScheduleId } from "./ids.js";
import type { RunRecord } from "./run.js";
import type { ScheduleRecord } from "./schedule/schedule.js";

/** A value that is stored, and can't be read. */
export interface ValueFinding {
  readonly invariant: "value";
  readonly runId?: RunId;
  readonly scheduleId?: ScheduleId;
  /** Of the event that bears it, where it is one event. */
  readonly sequence?: number;
  readonly message: string;
}

/** Which values of a run and its history can't be decoded. One that is not there at all is the store's own fault to find. */
export function undecodableOfRun({ runId, input, result, error }: RunRecord, history: readonly RecordedEvent[]): readonly ValueFinding[] {
  const columns = Object.entries({ input, result, error }).flatMap(([name, value]) => faultOf(`its ${name}`, value));
  const events = history.flatMap((event) => {
    if (!("value" in event)) return [];
    const subject = "operationId" in event ? ` of ${event.operationId}` : "";
    return faultOf(`the value of ${event.type}${subject}`, event.value).map((fault) => ({ ...fault, sequence: event.sequence }));
  });
  return [...columns, ...events].map((fault) => ({ ...fault, runId }));
}

export function undecodableOfHook({ runId, hookId, payload }: HookRecord): readonly ValueFinding[] {
  return faultOf(`the payload of ${hookId}`, payload).map((fault) => ({ ...fault, runId }));
}

export function undecodableOfSchedule({ scheduleId, input }: ScheduleRecord): readonly ValueFinding[] {
  return faultOf("its input", input).map((fault) => ({ ...fault, scheduleId }));
}

function faultOf(what: string, text: Encoded | null | undefined): readonly ValueFinding[] {
  if (text === undefined || text === null) return [];
  try {
    if (!/^[jd]/.test(text)) throw new SyntaxError("it is in no form that is known");
    decode(text);
    return [];
  } catch (error) {
    return [{ invariant: "value", message: `${what} can't be decoded: ${error instanceof Error ? error.message : String(error)}` }];
  }
}
