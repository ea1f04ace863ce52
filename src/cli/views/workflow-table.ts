import type { WorkflowRow } from "../../services/list-workflows.js";
import type { Screen } from "../screen.js";
import { table } from "../table.js";

export function workflowTable(workflows: readonly WorkflowRow[], screen: Screen): string {
  return table<WorkflowRow>(
    [
      { head: "Name", rank: 0, cell: ({ name }) => name },
      { head: "Description", rank: 3, cell: ({ description }) => description ?? "-" },
      { head: "Tags", rank: 2, cell: ({ tags }) => tags.join(", ") || "-" },
      { head: "Schedule", rank: 1, cell: ({ schedule }) => schedule ?? "-" },
    ],
    workflows,
    screen,
  );
}
