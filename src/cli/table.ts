import Table from "cli-table3";
import type { Screen } from "./screen.js";
import { oneLine, shorten } from "./text.js";

export interface Column<Row> {
  readonly head: string;
  /** How much the column matters: that of the lowest rank is shortened last. */
  readonly rank: number;
  /** So much stays of a longer cell, or the column is left out; Infinity: all of it. */
  readonly least?: number;
  cell(row: Row): string;
  /** Colours a cell that has its final length. */
  paint?(text: string, row: Row): string;
}

// What is left of a shortened cell. Of the most important column, an id or a name, enough to be typed as a prefix.
const leastWidth = 6;
const leastWidthOfFirst = 18;

/** On a terminal a table that fits it; elsewhere one row a line, cells in full between tabs. Nothing for no rows. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[], screen: Screen): string {
  if (rows.length === 0) return "";
  const cells = rows.map((row) => columns.map((column) => oneLine(column.cell(row))));
  return screen.terminal ? framed({ columns, rows, cells }, screen) : cells.map((line) => line.join("\t")).join("\n");
}

interface Sheet<Row> {
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** The text of each row's columns. */
  readonly cells: readonly (readonly string[])[];
}

function framed<Row>(whole: Sheet<Row>, { width, paint }: Screen): string {
  const { columns, rows, cells } = narrowed(whole, width);
  const widths = fit(columns, cells, width);
  const sheet = new Table({ head: columns.map(({ head }, place) => paint.bold(shorten(head, widths[place] ?? 0))), style: { head: [], border: [], compact: true } });
  for (const [line, row] of rows.entries()) {
    sheet.push(
      columns.map((column, place) => {
        const text = shorten(cells[line]?.[place] ?? "", widths[place] ?? 0);
        return column.paint?.(text, row) ?? text;
      }),
    );
  }
  return sheet.toString();
}

/** Without the least important columns, where all of them would not fit even at their least widths. */
function narrowed<Row>(sheet: Sheet<Row>, width: number): Sheet<Row> {
  const { columns, cells, rows } = sheet;
  const needed = columns.reduce((sum, column, place) => sum + Math.min(leastOf(column), naturalOf(column, place, cells)) + 3, 1);
  if (needed <= width || columns.length === 1) return sheet;
  const dropped = columns.indexOf(columns.reduce((least, column) => (column.rank > least.rank ? column : least)));
  const kept = <T>(list: readonly T[]): readonly T[] => list.filter((_, place) => place !== dropped);
  return narrowed({ columns: kept(columns), rows, cells: cells.map(kept) }, width);
}

/** The widths of the columns: as wide as their cells, and where that is too much taken from the least important first. */
function fit<Row>(columns: readonly Column<Row>[], cells: Sheet<Row>["cells"], width: number): readonly number[] {
  const widths = columns.map((column, place) => naturalOf(column, place, cells));
  const frame = 3 * columns.length + 1;
  let excess = widths.reduce((sum, one) => sum + one, frame) - width;
  for (const column of columns.toSorted((left, right) => right.rank - left.rank)) {
    const place = columns.indexOf(column);
    const natural = widths[place] ?? 0;
    const given = Math.max(0, Math.min(excess, natural - leastOf(column)));
    widths[place] = natural - given;
    excess -= given;
  }
  // The last column that is left fits, however narrow the terminal.
  return columns.length === 1 ? widths.map((one) => Math.max(1, one - Math.max(0, excess))) : widths;
}

function naturalOf<Row>({ head }: Column<Row>, place: number, cells: Sheet<Row>["cells"]): number {
  return Math.max(head.length, ...cells.map((line) => line[place]?.length ?? 0));
}

function leastOf<Row>({ head, rank, least = rank === 0 ? leastWidthOfFirst : leastWidth }: Column<Row>): number {
  return Math.max(least, head.length);
}
