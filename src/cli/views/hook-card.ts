import type { HookCard } from "../../services/show-hook.js";
import { cardLines } from "../card.js";
import { fieldsOf } from "../input.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { formatTime } from "../times.js";
import { fieldTable } from "./field-table.js";
import { paintHookStatus } from "./status.js";
import { valueText } from "./value-text.js";

/** A hook as `Name: value` lines, and the fields of its payload below, where it has a schema. */
export function hookCard(hook: HookCard, screen: Screen): string {
  const time = (date: Date | null): string | undefined => (date === null ? undefined : formatTime(date, screen));
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Token", hook.token],
    ["Name", hook.name],
    ["Run ID", hook.run_id],
    ["Status", paintHookStatus(screen.paint, hook.status)],
    ["Created", time(hook.created_at)],
    ["Expires", time(hook.expires_at) ?? "never"],
    ["Received", time(hook.received_at)],
    ["Payload", hook.received_at === null ? undefined : valueText(hook.payload, screen)],
    ["Takes", takes(hook)],
  ];
  const fields = fieldsOf(hook.payload_schema ?? undefined);
  return [...cardLines(lines, screen), ...(fields.length > 0 ? [fieldTable(fields, screen)] : [])].join("\n");
}

function takes({ payload_schema: schema }: HookCard): string {
  if (schema === null) return "any value";
  return fieldsOf(schema).length > 0 ? "an object with these fields" : toJson(schema);
}
