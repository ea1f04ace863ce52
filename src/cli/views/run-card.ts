import type { RunCard, StepCard } from "../../services/show-run.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { oneLine } from "../table.js";
import { formatSeconds, formatTime } from "../times.js";
import { paintStatus } from "./status.js";

/** A run as `Name: value` lines, and its steps below. Lines that say nothing are left out. */
export function runCard(run: RunCard, screen: Screen): string {
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
    ["Input", toJson(run.input)],
    ["Result", run.status === "completed" ? toJson(run.result) : undefined],
    ["Error", run.error === null ? undefined : screen.paint.red(oneLine(`${run.error.name}: ${run.error.message}`))],
    ["Waiting for", waitingFor(run, screen)],
    ["Tags", run.tags.length === 0 ? undefined : run.tags.join(", ")],
    ["Idempotency Key", run.idempotency_key ?? undefined],
  ];
  const card = lines.filter(([, value]) => value !== undefined).map(([name, value]) => `${screen.paint.bold(`${name}:`)} ${value}`);
  return [...card, ...stepLines(run.steps, screen)].join("\n");
}

function waitingFor(run: RunCard, screen: Screen): string | undefined {
  if (run.parked !== null) {
    const { code, operation_id, at } = run.parked;
    return [`code that fits its history (${code})`, operation_id, at === null ? null : `at ${at}`].filter((part) => part !== null).join(", ");
  }
  if (run.status === "suspended") return run.wake_at === null ? "an outside event" : `its wake time, ${formatTime(run.wake_at, screen)}`;
  return run.status === "pending" || run.status === "interrupted" ? "a worker" : undefined;
}

function stepLines(steps: readonly StepCard[], screen: Screen): readonly string[] {
  if (steps.length === 0) return [];
  const width = Math.max(...steps.map(({ step_id }) => step_id.length));
  const line = (step: StepCard): string => {
    const status = paintStatus(screen.paint, step.status, step.status.padEnd(11));
    const attempts = `${step.attempts} ${step.attempts === 1 ? "attempt" : "attempts"}`;
    return `  ${step.step_id.padEnd(width)}  ${status}  ${attempts.padEnd(10)}  ${formatSeconds(step.duration)}`;
  };
  return [screen.paint.bold("Steps:"), ...steps.map(line)];
}
