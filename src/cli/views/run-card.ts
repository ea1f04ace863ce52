import { counted } from "../../base/plural.js";
import type { RunCard, ShownRun, StepCard } from "../../services/show-run.js";
import { cardLines } from "../card.js";
import type { Screen } from "../screen.js";
import { oneLine, shorten } from "../text.js";
import { formatSeconds, formatTime } from "../times.js";
import { paintStatus } from "./status.js";
import { valueText } from "./value-text.js";

/** A run as `Name: value` lines, and its steps below. Lines that say nothing are left out. */
export function runCard({ card: run, last, ...waits }: ShownRun, screen: Screen): string {
  const time = (date: Date | null): string | undefined => (date === null ? undefined : formatTime(date, screen));
  const lines: readonly (readonly [string, string | undefined])[] = [
    ["Run ID", run.run_id],
    ["Workflow", run.workflow_name],
    ["Status", paintStatus(screen.paint, run.status)],
    ["Started", time(run.started_at) ?? "-"],
    ["Recovery", `${run.recovery_attempts}/${run.max_recovery_attempts} attempts (recover_on_worker_loss: ${run.recover_on_worker_loss})`],
    ["Last Event", run.last_event === null ? "-" : `${run.last_event.type} (${formatTime(run.last_event.timestamp, screen)})`],
    ["Created", time(run.created_at)],
    ["Completed", time(run.completed_at)],
    ["Duration", run.duration === null ? undefined : formatSeconds(run.duration)],
    ["Input", valueText(run.input, screen)],
    ["Result", run.status === "completed" ? valueText(run.result, screen) : undefined],
    ["Error", run.error === null ? undefined : screen.paint.red(oneLine(`${run.error.name}: ${run.error.message}`))],
    ["Waiting for", waitingFor(run, waits, screen)],
    ["Scheduled", run.scheduled_time === null ? undefined : `${formatTime(run.scheduled_time, screen)}${scheduleOf(run)}`],
    ["Parent", run.parent_run_id === null ? undefined : `${run.parent_run_id} (depth ${run.nesting_depth})`],
    ["Continued from", run.continued_from_run_id ?? undefined],
    ["Continued to", run.continued_to_run_id ?? undefined],
    ["Last of chain", endOf(last)],
    ["Tags", run.tags.length === 0 ? undefined : run.tags.join(", ")],
    ["Idempotency Key", run.idempotency_key ?? undefined],
  ];
  return [...cardLines(lines, screen), ...stepLines(run.steps, screen)].join("\n");
}

function endOf(last: ShownRun["last"]): string | undefined {
  return last && `${last.runId} (${last.status})`;
}

function scheduleOf({ schedule_id, schedule_kind }: RunCard): string {
  if (schedule_id === null) return "";
  return ` by ${schedule_id}${schedule_kind === "schedule" ? "" : ` (${schedule_kind})`}`;
}

function waitingFor(run: RunCard, { waitsFor, unserved }: Omit<ShownRun, "card" | "last">, screen: Screen): string | undefined {
  if (run.parked !== null) {
    const { code, operation_id, at } = run.parked;
    return [`code that fits its history (${code})`, operation_id, at === null ? null : `at ${at}`].filter((part) => part !== null).join(", ");
  }
  if (unserved) return [...waitsFor, "a worker: none is alive that serves it"].join(", ");
  if (run.status === "pending" || run.status === "interrupted") return "a worker";
  const wake = run.wake_at === null ? [] : [`its wake time, ${formatTime(run.wake_at, screen)}`];
  const waits = [...waitsFor, ...wake];
  if (waits.length > 0) return waits.join(", ");
  return run.status === "suspended" ? "an outside event" : undefined;
}

// What stands beside the id: the status and, where there is room, the attempts, then the duration.
const [besideWidth, attemptsWidth, widthForAttempts] = [23, 12, 64];

function stepLines(steps: readonly StepCard[], { paint, terminal, width }: Screen): readonly string[] {
  if (steps.length === 0) return [];
  const isNarrow = terminal && width < widthForAttempts;
  const longest = Math.max(...steps.map(({ step_id }) => step_id.length));
  const idWidth = terminal ? Math.min(longest, Math.max(1, width - besideWidth - (isNarrow ? 0 : attemptsWidth))) : longest;
  const line = ({ step_id, status, attempts, duration }: StepCard): string => {
    const tried = isNarrow ? "" : `  ${counted(attempts, "attempt").padEnd(10)}`;
    return `  ${shorten(step_id, idWidth).padEnd(idWidth)}  ${paintStatus(paint, status, status.padEnd(11))}${tried}  ${formatSeconds(duration)}`;
  };
  return [paint.bold("Steps:"), ...steps.map(line)];
}
