import { decode, type Encoded } from "../../base/codec.js";
import { formatDuration } from "../../base/duration.js";
import { tokenOf, type RunId } from "../../core/ids.js";
import { isOpen, type OperationProgress } from "../../core/progress.js";
import type { RunRecord, RunStatus } from "../../core/run.js";
import { beganAt } from "../../services/list-runs.js";
import { errorCard } from "../../services/show-run.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { oneLine } from "../table.js";
import { paintStatus } from "./status.js";

export interface ProgressFacts {
  readonly run: RunRecord;
  readonly operations: readonly OperationProgress[];
  /** How the children are that it waits for, as far as somebody looked. */
  readonly children: ReadonlyMap<RunId, RunStatus>;
  /** Arguments, results and errors of each operation. */
  readonly details: boolean;
}

/** What of the screen a run may take. */
export type ProgressScreen = Pick<Screen, "paint" | "nowMs" | "width"> & { readonly rows: number };

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
const nameMax = 32;

/** A run and its operations as they stand. Where there is no room for all, the open ones are shown before those that have ended last, and the rest is counted. */
export function progressLines(facts: ProgressFacts, screen: ProgressScreen): readonly string[] {
  const head = headLine(facts.run, screen);
  const end = endLines(facts.run, screen);
  const nameWidth = Math.min(nameMax, Math.floor(screen.width / 3), Math.max(0, ...facts.operations.map((each) => labelOf(each).length)));
  const blocks = chosen(facts.operations, screen.rows - 1 - end.length, (operation) => blockOf(operation, { facts, screen, nameWidth }));
  return [head, ...blocks, ...end];
}

function headLine(run: RunRecord, { paint, nowMs, width }: ProgressScreen): string {
  const began = beganAt(run);
  const took = began === undefined ? "" : ` ${formatDuration(Math.max(0, (run.completedAt ?? nowMs) - began))}`;
  const status = `${paintStatus(paint, run.status)}${took}`;
  // The id is needed whole, or not at all: it can be asked for with @last.
  const id = width < run.workflowName.length + run.runId.length + 24 ? "" : ` ${paint.dim(run.runId)}`;
  return `${paint.bold(run.workflowName)}${id} ${status}`;
}

function endLines(run: RunRecord, { paint }: ProgressScreen): readonly string[] {
  if (run.status === "completed" && run.result !== undefined) return [`  ${paint.dim("result")} ${valueText(run.result)}`];
  if (run.error !== undefined) return [`  ${paint.red(errorText(run.error))}`];
  return run.parked === undefined ? [] : [`  ${paint.red(oneLine(`parked: ${run.parked.error}`))}`];
}

interface BlockContext {
  readonly facts: ProgressFacts;
  readonly screen: ProgressScreen;
  readonly nameWidth: number;
}

/** The lines of as many operations as `room` bears, in their order, and a line that counts the others. */
function chosen(operations: readonly OperationProgress[], room: number, linesOf: (operation: OperationProgress) => readonly string[]): readonly string[] {
  const ranked = [...operations.filter(isOpen), ...operations.filter((each) => !isOpen(each)).toReversed().toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))];
  const blocks = new Map<OperationProgress, readonly string[]>();
  let used = 0;
  for (const operation of ranked) {
    const block = linesOf(operation);
    if (used + block.length > room) break;
    blocks.set(operation, block);
    used += block.length;
  }
  const left = operations.filter((each) => !blocks.has(each));
  if (left.length === 0) return operations.flatMap((each) => blocks.get(each) ?? []);
  // Room for the count.
  const last = [...blocks.keys()].at(-1);
  if (used === room && last !== undefined) {
    blocks.delete(last);
    left.push(last);
  }
  return [`  … and ${countsOf(left)}`, ...operations.flatMap((each) => blocks.get(each) ?? [])];
}

function countsOf(operations: readonly OperationProgress[]): string {
  const counts = new Map<string, number>();
  for (const { status } of operations) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count.toLocaleString("en")} ${status}`).join(", ");
}

function blockOf(operation: OperationProgress, context: BlockContext): readonly string[] {
  const { facts, screen, nameWidth } = context;
  const label = labelOf(operation);
  const name = label.length > nameWidth ? `${label.slice(0, nameWidth - 1)}…` : label.padEnd(nameWidth);
  const line = `  ${signOf(operation, screen)} ${name}  ${sayingOf(operation, context)}`;
  return [line, ...resumeLine(operation, context), ...(facts.details ? detailLines(operation, screen) : [])];
}

/** The n-th of its name says so. */
function labelOf({ name, operationId }: OperationProgress): string {
  const count = operationId.slice(operationId.lastIndexOf("_") + 1);
  return count === "1" ? name : `${name} #${count}`;
}

function signOf({ status }: OperationProgress, { paint, nowMs }: ProgressScreen): string {
  switch (status) {
    case "completed":
      return paint.green("✓");
    case "failed":
      return paint.red("✗");
    case "expired":
      return paint.yellow("✗");
    case "cancelled":
      return paint.magenta("-");
    case "running":
      return paint.blue(frames[Math.floor(nowMs / frameMs) % frames.length]);
    case "retrying":
      return paint.yellow("↻");
    default:
      return paint.cyan("◦");
  }
}

function sayingOf(operation: OperationProgress, { facts, screen }: BlockContext): string {
  const { status, startedAt, endedAt = screen.nowMs, attempt, value } = operation;
  const took = formatDuration(Math.max(0, endedAt - startedAt));
  const error = value === undefined ? "" : errorText(value);
  switch (status) {
    case "completed":
      return `${took}${attempt > 1 ? `  attempt ${attempt}` : ""}`;
    case "failed":
      return `${took}  ${screen.paint.red(error)}`;
    case "running":
      return `${took}${attempt > 1 ? `  attempt ${attempt}${error === "" ? "" : ` after ${error}`}` : ""}`;
    case "retrying":
      return `attempt ${attempt + 1} ${inTime(operation, screen)}: ${screen.paint.yellow(error)}`;
    case "waiting":
      return waitingFor(operation, { facts, screen });
    default:
      return `${status} after ${took}`;
  }
}

function waitingFor(operation: OperationProgress, { facts, screen }: Omit<BlockContext, "nameWidth">): string {
  const { kind, childRunId, startedAt, until } = operation;
  const since = formatDuration(Math.max(0, screen.nowMs - startedAt));
  if (kind === "sleep") return inTime(operation, screen);
  if (kind === "hook") return `waits for its payload${until === undefined ? "" : `, expires ${inTime(operation, screen)}`}`;
  const status = childRunId && facts.children.get(childRunId);
  return `${since}  child ${status === undefined ? "" : `${paintStatus(screen.paint, status)} `}${childRunId ?? ""}`;
}

function inTime({ until = 0 }: OperationProgress, { nowMs }: ProgressScreen): string {
  return until <= nowMs ? "now" : `in ${formatDuration(until - nowMs)}`;
}

/** How to give a hook what it waits for: a token that does not fit can't be copied, and without one there is a menu. */
function resumeLine({ kind, status, operationId }: OperationProgress, { facts, screen }: BlockContext): readonly string[] {
  if (kind !== "hook" || status !== "waiting") return [];
  const command = `    pyworkflow hooks resume ${tokenOf(facts.run.runId, operationId)}`;
  return [screen.paint.dim(command.length < screen.width ? command : "    pyworkflow hooks resume")];
}

function detailLines({ args, value, status }: OperationProgress, { paint }: ProgressScreen): readonly string[] {
  const isResult = status === "completed" || status === "cancelled";
  const lines = [args && argsText(args), value && (isResult ? `result ${valueText(value)}` : errorText(value))];
  return lines.filter((line) => line !== undefined && line !== "").map((line) => paint.dim(`      ${line}`));
}

function argsText(args: Encoded): string {
  const list = decode(args);
  const given = Array.isArray(list) && list.some((each) => each !== undefined);
  return given ? `args ${oneLine(toJson(list))}` : "";
}

function valueText(value: Encoded): string {
  return oneLine(toJson(decode(value)));
}

function errorText(value: Encoded): string {
  const { name, message } = errorCard(decode(value));
  return oneLine(`${name}: ${message}`);
}
