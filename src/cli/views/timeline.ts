import { formatDuration, writeDuration } from "../../base/duration.js";
import type { SpanRow, Timeline } from "../../services/show-timeline.js";
import type { Screen } from "../screen.js";
import { oneLine, shorten, wrap } from "../text.js";
import { formatPrecise, formatTime } from "../times.js";
import { paintStatus } from "./status.js";

type Sign = keyof typeof signs;

// One column each, and different without colours too.
const signs = { attempt: "█", retry: "░", sleep: "┄", hook: "╌", child: "═", run: "━", suspended: "─", pending: "·", interrupted: "·", parked: "·", failed: "·" } as const;
const marks = { failed: "✗", lost: "!", parked: "‖", open: "▸", earlier: "◂" } as const;
const meanings: Readonly<Record<string, string>> = {
  [signs.attempt]: "attempt",
  [signs.retry]: "retry wait",
  [signs.sleep]: "sleep",
  [signs.hook]: "hook",
  [signs.child]: "child",
  [signs.run]: "held by a worker",
  [signs.suspended]: "suspended",
  [signs.pending]: "nobody holds it",
  [marks.failed]: "failed",
  [marks.lost]: "worker lost",
  [marks.parked]: "parked",
  [marks.open]: "goes on",
  [marks.earlier]: "began earlier",
};

/** Bars on an axis of time where a person looks; elsewhere a line for each operation: its id, start, end, kind and status between tabs. */
export function timelineText(timeline: Timeline, screen: Screen): string {
  return screen.terminal ? drawn(timeline, screen) : timeline.spans.map((span) => plainLine(span, timeline, screen)).join("\n");
}

function plainLine(span: SpanRow, { runId }: Timeline, screen: Screen): string {
  const end = span.ended_at === null ? "-" : formatPrecise(span.ended_at, screen);
  return [span.operation_id ?? runId, formatPrecise(span.started_at, screen), end, span.kind, span.status].join("\t");
}

/** Milliseconds that an axis begins with and covers, its columns, and when the run began, from which times are counted. */
interface Axis {
  readonly origin: number;
  readonly from: number;
  readonly lengthMs: number;
  readonly columns: number;
}

const widthForLengths = 60;
const barLeast = 10;

function drawn(timeline: Timeline, screen: Screen): string {
  const { spans, now, began } = timeline;
  const names = spans.map(nameOf);
  const label = Math.min(Math.max(...names.map(({ length }) => length)), Math.max(14, Math.floor(screen.width * 0.36)), Math.max(1, screen.width - 1 - barLeast));
  const tail = screen.width < widthForLengths ? 0 : 9;
  const axis = axisOf(timeline, Math.max(barLeast, screen.width - label - 1 - tail));
  const rows = spans.map((span) => ({ span, cells: barOf(span, axis, now) }));
  const lines = rows.map(({ span, cells }, index) => {
    const name = shorten(names[index] ?? "", label).padEnd(label);
    const length = tail === 0 ? "" : lengthOf(span.kind === "run" ? { ...span, started_at: began } : span, now).padStart(tail);
    return `${name} ${painted(cells, span, screen)}${length}`;
  });
  return [...header(timeline, screen), ...axisLines(axis, label), ...lines, ...legend(rows.flatMap(({ cells }) => cells), screen.width)].join("\n");
}

function header({ runId, status, spans, now, began }: Timeline, screen: Screen): readonly string[] {
  const [run] = spans;
  if (run === undefined) return [];
  const end = run.ended_at === null ? "" : `, ended ${formatTime(run.ended_at, screen)}`;
  const beginning = began === null ? `created ${formatTime(run.started_at, screen)}` : `began ${formatTime(began, screen)}`;
  const after = began === null ? "" : ` after ${lengthOf({ ...run, started_at: began }, now)}`;
  const facts = [`${paintStatus(screen.paint, status)}${after}`, `${beginning}${end}`];
  const line = [runId, ...facts].join(" · ");
  return screen.width >= 100 ? [line] : [runId, ...facts].flatMap((fact) => wrap(fact, screen.width));
}

function nameOf({ operation_id, name }: SpanRow): string {
  return operation_id ?? oneLine(name ?? "");
}

// From the first operation that is shown: of very many only the newest are, and the run's beginning would press them into one column.
function axisOf({ spans: [run, ...operations], now }: Timeline, columns: number): Axis {
  const starts = operations.map(({ started_at }) => started_at.getTime());
  const isCut = run !== undefined && starts.length > 0 && run.holds.length > 0 && Math.min(...starts) > run.started_at.getTime();
  const origin = run?.started_at.getTime() ?? now;
  const from = isCut && starts.length > manyOperations ? Math.min(...starts) : origin;
  const to = run?.ended_at?.getTime() ?? now;
  return { origin, from, lengthMs: Math.max(1, to - from), columns };
}

const manyOperations = 20;

interface Cell {
  readonly text: string;
  readonly sign: Sign | keyof typeof marks | "none";
}

const blank: Cell = { text: " ", sign: "none" };

function barOf(span: SpanRow, axis: Axis, now: number): readonly Cell[] {
  const cells = Array.from({ length: axis.columns }, () => blank);
  const put = (from: Date, to: Date | null, sign: Sign) => {
    const [first, last] = [columnOf(from.getTime(), axis), lastColumnOf({ from: from.getTime(), to: to?.getTime() ?? now }, axis)];
    for (let column = Math.max(0, first); column <= last; column++) cells[column] = { text: signs[sign], sign };
  };
  for (const { kind, started_at, ended_at } of span.waits) put(started_at, ended_at, kind);
  for (const { started_at, ended_at } of span.holds) put(started_at, ended_at, "run");
  for (const { started_at, ended_at } of span.attempts) put(started_at, ended_at, "attempt");
  for (const mark of marksOf(span, now)) {
    const column = lastColumnOf({ from: mark.from, to: mark.at }, axis);
    if (column >= 0) cells[column] = { text: marks[mark.mark], sign: mark.mark };
  }
  if (span.started_at.getTime() < axis.from) cells[0] = { text: marks.earlier, sign: "earlier" };
  return cells;
}

interface Mark {
  readonly mark: keyof typeof marks;
  readonly from: number;
  readonly at: number;
}

function marksOf({ attempts, holds, ended_at, started_at, status, kind }: SpanRow, now: number): readonly Mark[] {
  const found = [...attempts, ...holds].flatMap((part): Mark[] => {
    const mark = markOf(part.status);
    return mark === undefined || part.ended_at === null ? [] : [{ mark, from: part.started_at.getTime(), at: part.ended_at.getTime() }];
  });
  const from = started_at.getTime();
  if (ended_at === null) return [...found, { mark: "open", from, at: now }];
  const failed = status === "failed" || status === "expired";
  return failed && (kind !== "step" || attempts.length === 0) ? [...found, { mark: "failed", from, at: ended_at.getTime() }] : found;
}

function markOf(status: string): keyof typeof marks | undefined {
  if (status === "failed") return "failed";
  if (status === "interrupted") return "lost";
  return status === "parked" ? "parked" : undefined;
}

function columnOf(at: number, { from, lengthMs, columns }: Axis): number {
  return Math.min(columns - 1, Math.floor(((at - from) / lengthMs) * columns));
}

/** What ends where a column begins does not reach into it. */
function lastColumnOf({ from, to }: { readonly from: number; readonly to: number }, axis: Axis): number {
  const end = Math.ceil(((to - axis.from) / axis.lengthMs) * axis.columns) - 1;
  return Math.min(axis.columns - 1, Math.max(columnOf(from, axis), end));
}

function painted(cells: readonly Cell[], span: SpanRow, { paint }: Screen): string {
  const colour = (cell: Cell): string => {
    if (cell.sign === "failed" || cell.sign === "lost" || cell.sign === "parked") return paint.red(cell.text);
    if (cell.sign === "attempt" || cell.sign === "run") return span.status === "completed" ? paint.green(cell.text) : paint.blue(cell.text);
    return cell.sign === "none" ? cell.text : paint.yellow(cell.text);
  };
  return cells.map(colour).join("");
}

const roundMs = [1, 2, 5, 10, 20, 50, 100, 200, 500, ...[1, 2, 5, 10, 15, 30].map((s) => s * 1000), ...[1, 2, 5, 10, 15, 30].map((m) => m * 60_000), ...[1, 2, 3, 6, 12].map((h) => h * 3_600_000), ...[1, 2, 7, 14, 28, 91, 182, 364].map((d) => d * 86_400_000)];
const markColumns = 10;

/** Round times since the run's beginning, each over a tick. */
function axisLines(axis: Axis, label: number): readonly string[] {
  const [firstMs, lastMs] = [axis.from - axis.origin, axis.from - axis.origin + axis.lengthMs];
  const everyMs = distanceOf(axis);
  const ticks = Array.from({ length: axis.columns }, () => "─");
  let labels = "";
  for (let at = Math.ceil(firstMs / everyMs) * everyMs; at < lastMs; at += everyMs) {
    const column = columnOf(axis.origin + at, axis);
    const text = tickText(at);
    if (column + text.length > axis.columns) break;
    ticks[column] = column === 0 ? "├" : "┼";
    if (column === 0 || labels.length < column) labels = labels.padEnd(column) + text;
  }
  const indent = " ".repeat(label + 1);
  return [`${indent}${labels}`, `${indent}${ticks.join("")}`];
}

/** `1.5s`, as lengths are written beside the bars, where that is exact. */
function tickText(ms: number): string {
  return ms > 1000 && ms < 60_000 && ms % 100 === 0 ? `${ms / 1000}s` : writeDuration(ms);
}

/** Milliseconds from one tick to the next, which is {@link markColumns} on or more. */
function distanceOf({ lengthMs, columns }: Axis): number {
  const leastMs = (lengthMs / columns) * markColumns;
  return roundMs.find((ms) => ms >= leastMs) ?? Math.ceil(leastMs / 364 / 86_400_000) * 364 * 86_400_000;
}

/** Nothing where it has not begun. */
function lengthOf({ started_at, ended_at }: { readonly started_at: Date | null; readonly ended_at: Date | null }, now: number): string {
  return started_at === null ? "" : formatDuration(Math.max(0, (ended_at?.getTime() ?? now) - started_at.getTime()));
}

/** What the signs mean that were drawn. */
function legend(cells: readonly Cell[], width: number): readonly string[] {
  const drawnSigns = new Set(cells.map(({ text }) => text));
  const entries = Object.entries(meanings).filter(([sign]) => drawnSigns.has(sign)).map(([sign, meaning]) => `${sign} ${meaning}`);
  const lines: string[] = [];
  for (const entry of entries) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 3 + entry.length <= width) lines[lines.length - 1] = `${last}   ${entry}`;
    else lines.push(entry);
  }
  return ["", ...lines];
}
