import type { WorkflowCard } from "../../services/list-workflows.js";
import { fieldsOf } from "../input.js";
import type { Screen } from "../screen.js";
import { fieldTable } from "./field-table.js";

/** A workflow as `Name: value` lines, and its input as a small table. */
export function workflowCard(workflow: WorkflowCard, screen: Screen): string {
  const { paint } = screen;
  const lines: readonly (readonly [string, string])[] = [
    ["Name", workflow.name],
    ["Description", workflow.description ?? "-"],
    ["Module", workflow.module ?? "-"],
    ["Tags", workflow.tags.join(", ") || "-"],
    ["Durable", workflow.durable ? "yes" : "no"],
    ["Recovery", `${workflow.recover_on_worker_loss ? "on" : "off"}, at most ${workflow.max_recovery_attempts} attempts`],
  ];
  const fields = fieldsOf(workflow.input_schema ?? undefined);
  const card = lines.map(([name, value]) => `${paint.bold(`${name}:`)} ${value}`);
  if (fields.length === 0) return [...card, `${paint.bold("Input:")} any value`].join("\n");
  return [...card, paint.bold("Input:"), fieldTable(fields, screen)].join("\n");
}
