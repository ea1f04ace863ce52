import type { WorkflowCard } from "../../services/list-workflows.js";
import { cardLines } from "../card.js";
import { fieldsOf } from "../input.js";
import type { Screen } from "../screen.js";
import { formatSeconds } from "../times.js";
import { fieldTable } from "./field-table.js";

/** A workflow as `Name: value` lines, and its input as a small table. */
export function workflowCard(workflow: WorkflowCard & { readonly steps_seen: readonly string[] }, screen: Screen): string {
  const lines: readonly (readonly [string, string])[] = [
    ["Name", workflow.name],
    ["Description", workflow.description ?? "-"],
    ["Module", workflow.module ?? "-"],
    ["Tags", workflow.tags.join(", ") || "-"],
    ["Schedule", workflow.schedule ?? "-"],
    ["Durable", workflow.durable ? "yes" : "no"],
    ["Max duration", formatSeconds(workflow.max_duration)],
    ["Steps seen", workflow.steps_seen.join(", ") || "-"],
    ["Recovery", `${workflow.recover_on_worker_loss ? "on" : "off"}, at most ${workflow.max_recovery_attempts} attempts`],
  ];
  const fields = fieldsOf(workflow.input_schema ?? undefined);
  if (fields.length === 0) return cardLines([...lines, ["Input", "any value"]], screen).join("\n");
  return [...cardLines(lines, screen), screen.paint.bold("Input:"), fieldTable(fields, screen)].join("\n");
}
