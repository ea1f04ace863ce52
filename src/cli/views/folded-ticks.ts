import type { TickRow } from "../../services/list-ticks.js";

/** Ticks in a row of which the same was decided, and that started nothing. */
export interface FoldedTick<Row extends TickRow = TickRow> {
  /** The first of them, as they are listed. */
  readonly tick: Row;
  readonly last: Row;
  readonly count: number;
}

/** Folds what would fill pages with one line: the due times of each schedule that came to nothing one after the other. What started a run stands alone. */
export function foldTicks<Row extends TickRow>(ticks: readonly Row[], scheduleOf: (tick: Row) => string = () => ""): readonly FoldedTick<Row>[] {
  const folded: FoldedTick<Row>[] = [];
  /** Where the last row of each schedule stands. */
  const places = new Map<string, number>();
  for (const tick of ticks) {
    const schedule = scheduleOf(tick);
    const place = places.get(schedule);
    const before = place === undefined ? undefined : folded[place];
    if (place !== undefined && before !== undefined && isAlike(before.tick, tick)) folded[place] = { ...before, last: tick, count: before.count + 1 };
    else places.set(schedule, folded.push({ tick, last: tick, count: 1 }) - 1);
  }
  return folded;
}

function isAlike(a: TickRow, b: TickRow): boolean {
  return a.run_id === null && b.run_id === null && a.decision === b.decision && a.kind === b.kind;
}
