import { decode, type Encoded } from "../../base/codec.js";
import { formatDuration } from "../../base/duration.js";
import { tokenOf, type RunId } from "../../core/ids.js";
import type { RunRecord, RunStatus } from "../../core/run.js";
import { isOpen, type Span, type SpanStatus } from "../../core/spans.js";
import { beganAt } from "../../services/list-runs.js";
import { errorCard } from "../../services/show-run.js";
import { toJson } from "../output.js";
import type { Screen } from "../screen.js";
import { oneLine, shorten } from "../text.js";
import { paintStatus } from "./status.js";

export interface RunFacts {
  readonly run: RunRecord;
  readonly spans: readonly Span[];
  /** How the children are that it waits for, as far as somebody looked. */
  readonly children: ReadonlyMap<RunId, RunStatus>;
  /** Arguments, results and errors of each operation. */
  readonly details: boolean;
}

/** What of the screen a run may take. */
export type PictureScreen = Pick<Screen, "paint" | "nowMs" | "width"> & { readonly rows: number };

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const frameMs = 100;
const nameMax = 32;

/** A run and its operations as they stand. Where there is no room for all, the open ones are shown before those that have ended last, and the rest is counted. */
export function runPicture(facts: RunFacts, screen: PictureScreen): readonly string[] {
  const head = headLine(facts.run, screen);
  const end = endLines(facts.run, screen);
  const nameWidth = Math.min(nameMax, Math.floor(screen.width / 3), Math.max(0, ...facts.spans.map((each) => labelOf(each).length)));
  const blocks = chosen(facts.spans, screen.rows - 1 - end.length, (span) => blockOf(span, { facts, screen, nameWidth }));
  return [head, ...blocks, ...end];
}

function headLine(run: RunRecord, { paint, nowMs, width }: PictureScreen): string {
  const began = beganAt(run);
  const took = began === undefined ? "" : ` ${formatDuration(Math.max(0, (run.completedAt ?? nowMs) - began))}`;
  const status = `${paintStatus(paint, run.status)}${took}`;
  // The id is needed whole, or not at all: it can be asked for with @last.
  const id = width < run.workflowName.length + run.runId.length + 24 ? "" : ` ${paint.dim(run.runId)}`;
  return `${paint.bold(run.workflowName)}${id} ${status}`;
}

function endLines(run: RunRecord, { paint }: PictureScreen): readonly string[] {
  if (run.status === "completed" && run.result !== undefined) return [`  ${paint.dim("result")} ${valueText(run.result)}`];
  if (run.error !== undefined) return [`  ${paint.red(errorText(run.error))}`];
  return run.parked === undefined ? [] : [`  ${paint.red(oneLine(`parked: ${run.parked.error}`))}`];
}

interface BlockContext {
  readonly facts: RunFacts;
  readonly screen: PictureScreen;
  readonly nameWidth: number;
}

/** The lines of as many operations as `room` bears, in their order, and a line that counts the others. */
function chosen(spans: readonly Span[], room: number, linesOf: (span: Span) => readonly string[]): readonly string[] {
  const ranked = [...spans.filter(isOpen), ...spans.filter((each) => !isOpen(each)).toReversed().toSorted((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))];
  const blocks = new Map<Span, readonly string[]>();
  let used = 0;
  for (const span of ranked) {
    const block = linesOf(span);
    if (used + block.length > room) break;
    blocks.set(span, block);
    used += block.length;
  }
  const left = spans.filter((each) => !blocks.has(each));
  if (left.length === 0) return spans.flatMap((each) => blocks.get(each) ?? []);
  // Room for the count.
  const last = [...blocks.keys()].at(-1);
  if (used === room && last !== undefined) {
    blocks.delete(last);
    left.push(last);
  }
  return [`  … and ${countsOf(left)}`, ...spans.flatMap((each) => blocks.get(each) ?? [])];
}

function countsOf(spans: readonly Span[]): string {
  const counts = new Map<string, number>();
  for (const status of spans.map(statusOf)) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count.toLocaleString("en")} ${status}`).join(", ");
}

/** For the run a child that nobody waits for is done with when it has started. */
function statusOf({ status, isAwaited }: Span): SpanStatus {
  return !isAwaited && (status === "waiting" || status === "left") ? "completed" : status;
}

function blockOf(span: Span, context: BlockContext): readonly string[] {
  const { facts, screen, nameWidth } = context;
  const name = shorten(labelOf(span), nameWidth).padEnd(nameWidth);
  const line = `  ${signOf(span, screen)} ${name}  ${sayingOf(span, context)}`;
  return [line, ...resumeLine(span, context), ...(facts.details ? detailLines(span, screen) : [])];
}

/** The n-th of its name says so. */
function labelOf({ name = "sleep", operationId }: Span): string {
  const count = operationId.slice(operationId.lastIndexOf("_") + 1);
  return count === "1" ? name : `${name} #${count}`;
}

function signOf(span: Span, { paint, nowMs }: PictureScreen): string {
  switch (statusOf(span)) {
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

function sayingOf(span: Span, { facts, screen }: BlockContext): string {
  const { startedAt, endedAt = screen.nowMs, error, isAwaited, childRunId } = span;
  const status = statusOf(span);
  const took = formatDuration(Math.max(0, endedAt - startedAt));
  const attempt = span.attempts.at(-1)?.attempt ?? 0;
  switch (status) {
    case "completed":
      return isAwaited ? `${took}${attempt > 1 ? `  attempt ${attempt}` : ""}` : `started ${childRunId}`;
    case "failed":
      return `${took}  ${screen.paint.red(errorText(error))}`;
    case "running":
      return `${took}${attempt > 1 ? `  attempt ${attempt}${error === undefined ? "" : ` after ${errorText(error)}`}` : ""}`;
    case "retrying":
      return `attempt ${attempt + 1} ${inTime(span, screen)}: ${screen.paint.yellow(errorText(error))}`;
    case "waiting":
      return waitingFor(span, { facts, screen });
    default:
      return `${status} after ${took}`;
  }
}

function waitingFor(span: Span, { facts, screen }: Omit<BlockContext, "nameWidth">): string {
  const { kind, childRunId, startedAt, dueAt } = span;
  const since = formatDuration(Math.max(0, screen.nowMs - startedAt));
  if (kind === "sleep") return inTime(span, screen);
  if (kind === "hook") return `waits for its payload${dueAt === undefined ? "" : `, expires ${inTime(span, screen)}`}`;
  const status = childRunId && facts.children.get(childRunId);
  return `${since}  child ${status === undefined ? "" : `${paintStatus(screen.paint, status)} `}${childRunId ?? ""}`;
}

function inTime({ dueAt = 0 }: Span, { nowMs }: PictureScreen): string {
  return dueAt <= nowMs ? "now" : `in ${formatDuration(dueAt - nowMs)}`;
}

/** How to give a hook what it waits for: a token that does not fit can't be copied, and without one there is a menu. */
function resumeLine({ kind, status, operationId }: Span, { facts, screen }: BlockContext): readonly string[] {
  if (kind !== "hook" || status !== "waiting") return [];
  const command = `    pyworkflow hooks resume ${tokenOf(facts.run.runId, operationId)}`;
  return [screen.paint.dim(command.length < screen.width ? command : "    pyworkflow hooks resume")];
}

function detailLines({ args, value, error }: Span, { paint }: PictureScreen): readonly string[] {
  const outcome = value === undefined ? errorText(error) : `result ${valueText(value)}`;
  return [args && argsText(args), outcome].filter((line) => line !== undefined && line !== "").map((line) => paint.dim(`      ${line}`));
}

function argsText(args: Encoded): string {
  const list = decode(args);
  const given = Array.isArray(list) && list.some((each) => each !== undefined);
  return given ? `args ${oneLine(toJson(list))}` : "";
}

function valueText(value: Encoded): string {
  return oneLine(toJson(decode(value)));
}

function errorText(error: Encoded | undefined): string {
  if (error === undefined) return "";
  const { name, message } = errorCard(decode(error));
  return oneLine(`${name}: ${message}`);
}
