import { eventTypes, type EventType } from "../core/events/event.js";
import { eventTypeOf } from "../services/show-log.js";
import { suggest, UsageError } from "./usage-error.js";

/** The type of event that a flag names. Throws UsageError. */
export function parseEventType(text: string): EventType {
  const type = eventTypeOf(text);
  if (type === undefined) throw new UsageError(`${text} is no type of event`, suggest(text, eventTypes, `the types are ${eventTypes.join(", ")}; --filter takes a part`));
  return type;
}
