import Table from "cli-table3";
import type { Screen } from "./screen.js";

export interface Column<Row> {
  readonly head: string;
  /** How much the column matters: that of the lowest rank is shortened last. */
  readonly rank: number;
  cell(row: Row): string;
  /** Colours a cell that has its final length. */
  paint?(text: string, row: Row): string;
}

const leastWidth = 6;

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

function framed<Row>({ columns, rows, cells }: Sheet<Row>, { width, paint }: Screen): string {
  const widths = fit(columns, cells, width);
  const sheet = new Table({ head: columns.map(({ head }) => paint.bold(head)), style: { head: [], border: [], compact: true } });
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

/** The widths of the columns: as wide as their cells, and where that is too much taken from the least important first. */
function fit<Row>(columns: readonly Column<Row>[], cells: Sheet<Row>["cells"], width: number): readonly number[] {
  const widths = columns.map(({ head }, place) => Math.max(head.length, ...cells.map((line) => line[place]?.length ?? 0)));
  const frame = 3 * columns.length + 1;
  let excess = widths.reduce((sum, one) => sum + one, frame) - width;
  for (const column of columns.toSorted((left, right) => right.rank - left.rank)) {
    const place = columns.indexOf(column);
    const natural = widths[place] ?? 0;
    const given = Math.max(0, Math.min(excess, natural - Math.max(leastWidth, column.head.length)));
    widths[place] = natural - given;
    excess -= given;
  }
  return widths;
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Without line ends, tabs and the control characters by which a value could steer the terminal. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
}
