import { once } from "node:events";
import { pause, systemClock } from "../base/clock.js";
import { untilSeenEnough } from "./ending-signals.js";
import type { Picture, PictureSize } from "./live/live.js";
import type { Screen } from "./screen.js";

export interface WatchTextOptions<T> {
  readonly read: () => Promise<T>;
  /** The value on a screen of so many rows. */
  readonly draw: (value: T, screen: Screen, rows: number) => string;
  /** Nothing more will come. */
  readonly isLast?: (value: T) => boolean;
  /** Leave the last picture where it is; else it is taken away. */
  readonly stays: boolean;
  readonly screen: Screen;
}

const lookEveryMs = 250;
// A slow look must not keep the store busy.
const restPerLook = 5;

/** Draws on stdout what is read again and again, until it is the last, or somebody has seen enough: by q, Ctrl+C, or a signal. The value read last. */
export function watchText<T>(options: WatchTextOptions<T>): Promise<T> {
  return untilSeenEnough((away) => watch(options, away));
}

async function watch<T>({ read, draw, isLast = () => false, stays, screen }: WatchTextOptions<T>, away: AbortController): Promise<T> {
  const { openLive } = await import("./live/live.js");
  let value = await read();
  const enough = once(away.signal, "abort");
  let isOver = false;
  const picture = ({ columns: width, rows }: PictureSize): Picture => {
    const now = { ...screen, width, nowMs: systemClock.now() };
    if (isOver) return { lines: stays ? draw(value, now, rows - 1).split("\n") : [], moving: false };
    const lines = draw(value, now, rows - 3).split("\n").slice(0, rows - 3);
    return { lines: [...lines, "", screen.paint.dim("  q ends")], moving: false };
  };
  const live = openLive({ stream: "stdout", draw: picture, onKey: (key) => (key === "q" || key === "^C" ? away.abort() : undefined) });
  try {
    while (!away.signal.aborted && !isLast(value)) {
      const began = systemClock.monotonic();
      value = await read();
      live.redraw();
      await Promise.race([enough, pause(systemClock, Math.max(lookEveryMs, restPerLook * (systemClock.monotonic() - began)))]);
    }
    return value;
  } finally {
    isOver = true;
    live.close();
  }
}
