import type { HookRow } from "../../services/list-hooks.js";
import type { HookCard } from "../../services/show-hook.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { table, type Column } from "../table.js";
import { formatListTime } from "../times.js";
import { paintHookStatus } from "./status.js";

export function hookTable(hooks: readonly HookRow[], screen: Screen): string {
  return table<HookRow>(columnsOf(screen), hooks, screen);
}

/** The same, with what was received. */
export function hooksOfRunTable(hooks: readonly HookCard[], screen: Screen): string {
  const received: readonly Column<HookCard>[] = [
    { head: "Received", rank: 3, cell: ({ received_at }) => formatTimeOr(received_at, screen) },
    { head: "Payload", rank: 5, cell: ({ received_at, payload }) => (received_at === null ? "-" : toJson(payload)) },
  ];
  return table<HookCard>([...columnsOf(screen), ...received], hooks, screen);
}

function columnsOf(screen: Screen): readonly Column<HookRow>[] {
  return [
    { head: "Token", rank: 0, cell: ({ token }) => token },
    { head: "Status", rank: 1, cell: ({ status }) => status, paint: (text, { status }) => paintHookStatus(screen.paint, status, text) },
    { head: "Created", rank: 4, cell: ({ created_at }) => formatListTime(created_at, screen) },
    { head: "Expires", rank: 2, cell: ({ expires_at }) => formatTimeOr(expires_at, screen) },
  ];
}

function formatTimeOr(time: Date | null, screen: Screen): string {
  return time === null ? "-" : formatListTime(time, screen);
}
