import { stripVTControlCharacters } from "node:util";
import { Box, render, Text, useInput, useStdout, type Key } from "ink";
import { useLayoutEffect, type ReactElement } from "react";
import { systemClock, type Timer } from "../../base/clock.js";
import { divertOutput, drawingOn } from "../streams.js";

// The only file that imports ink: build/bundle-live.js makes it one file with all that it needs, so that the package that users install has neither ink nor React.

/** What stands on the terminal at a moment. */
export interface Picture {
  /** Coloured already; what is too long for the terminal is cut. */
  readonly lines: readonly string[];
  /** Something on it moves: it is drawn ten times a second, else once. */
  readonly moving: boolean;
}

export interface PictureSize {
  readonly columns: number;
  readonly rows: number;
}

export interface LiveOptions {
  readonly stream: "stdout" | "stderr";
  readonly draw: (size: PictureSize) => Picture;
  /** A key: `q`, or with Ctrl `^C`. */
  readonly onKey: (key: string) => void;
  /** How a line above the picture is written; as it is, where nothing is said. */
  readonly fit?: (line: string, columns: number) => string;
}

/** A part of the terminal that changes; what else this process prints stands above it. */
export interface Live {
  redraw(): void;
  /** Lines that stay, above the picture. */
  above(text: string): void;
  /** Leaves the last picture where it is, and the terminal as it was found. */
  close(): void;
}

const movingMs = 100;
const standingMs = 1000;

/** Draws until it is closed, or the process ends in whatever way: then too the cursor and the keys are as before. */
export function openLive({ stream, draw, onKey, fit = (line) => line }: LiveOptions): Live {
  const terminal = drawingOn(stream);
  const canvas: Canvas = { onInput: (input, { ctrl }) => (ctrl ? [`^${input.toUpperCase()}`] : keysOf(input)).forEach(onKey) };
  let timer: Timer | undefined;
  let shown: Shown = { lines: [], columns: 0 };
  // Before ink's own listener: a narrower terminal has wrapped the lines, and ink takes one row away for each of them.
  const beforeResize = () => void terminal.write(eraseUp(rowsGained(shown, sizeOf(terminal))));
  const picture = (): ReactElement => {
    const { columns, rows } = sizeOf(terminal);
    const { lines, moving } = draw({ columns, rows });
    timer?.cancel();
    timer = systemClock.setTimer(redraw, moving ? movingMs : standingMs);
    // One row less than there are: a full screen would be drawn anew from its top each time.
    shown = { lines: lines.slice(0, Math.max(1, rows - 1)), columns };
    return <View lines={shown.lines} canvas={canvas} />;
  };
  terminal.on("resize", beforeResize);
  const app = render(picture(), { stdout: terminal, exitOnCtrlC: false, patchConsole: false });
  terminal.on("resize", redraw);
  const lines = new Lines((text) => canvas.write?.(text.replaceAll(/[^\n]+/g, (line) => fit(line, sizeOf(terminal).columns))));
  const restore = divertOutput((text) => lines.add(text));
  function redraw(): void {
    app.rerender(picture());
  }
  return {
    redraw,
    above: (text) => lines.add(`${text}\n`),
    close: () => {
      restore();
      lines.end();
      redraw();
      timer?.cancel();
      app.unmount();
      terminal.off("resize", beforeResize).off("resize", redraw);
    },
  };
}

/** What a component is given by ink, and gives to it. */
interface Canvas {
  readonly onInput: (input: string, key: Pick<Key, "ctrl">) => void;
  /** Writes above the picture. */
  write?: (text: string) => void;
}

function View({ lines, canvas }: { readonly lines: readonly string[]; readonly canvas: Canvas }): ReactElement {
  const { write } = useStdout();
  useLayoutEffect(() => {
    canvas.write = write;
  }, [canvas, write]);
  useInput(canvas.onInput, { isActive: process.stdin.isTTY });
  return (
    <Box flexDirection="column">
      {lines.map((line, place) => (
        <Text key={place} wrap="truncate-end">
          {line === "" ? " " : line}
        </Text>
      ))}
    </Box>
  );
}

// Keys that come at once, as two quick Ctrl+C do, are one input without a word on Ctrl.
function keysOf(input: string): readonly string[] {
  return Array.from(input, (key) => (key < " " ? `^${String.fromCodePoint((key.codePointAt(0) ?? 0) + 64)}` : key));
}

/** Whole lines out of text that comes in pieces. */
class Lines {
  readonly #write: (text: string) => void;
  #rest = "";

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add(text: string): void {
    const whole = this.#rest + text;
    const end = whole.lastIndexOf("\n") + 1;
    this.#rest = whole.slice(end);
    if (end > 0) this.#write(whole.slice(0, end));
  }

  end(): void {
    if (this.#rest !== "") this.add("\n");
  }
}

// A terminal that does not know its size says 0.
function sizeOf({ columns, rows }: PictureSize): PictureSize {
  return { columns: columns || 80, rows: rows || 24 };
}

interface Shown {
  readonly lines: readonly string[];
  readonly columns: number;
}

/** By how many rows the lines have grown by being wrapped at a new width. */
function rowsGained({ lines, columns: before }: Shown, { columns }: PictureSize): number {
  const gained = (line: string) => Math.ceil(Math.min(before, stripVTControlCharacters(line).length) / columns) - 1;
  return lines.reduce((sum, line) => sum + Math.max(0, gained(line)), 0);
}

/** Empties this row and so many above it, and goes up to the last of them. */
function eraseUp(rows: number): string {
  return "\u001B[2K\u001B[1A".repeat(rows);
}
