import { pause, systemClock } from "../base/clock.js";
import { deferred } from "../base/deferred.js";
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

/** Draws on stdout what is read again and again, until it is the last, or somebody has seen enough: q or Ctrl+C. The value read last. */
export async function watchText<T>({ read, draw, isLast = () => false, stays, screen }: WatchTextOptions<T>): Promise<T> {
  const { openLive } = await import("./live/live.js");
  let value = await read();
  const enough = deferred<undefined>();
  const state = { over: false };
  const stop = (): void => {
    state.over = true;
    enough.resolve(undefined);
  };
  const picture = ({ columns: width, rows }: PictureSize): Picture => {
    const now = { ...screen, width, nowMs: systemClock.now() };
    if (state.over) return { lines: stays ? draw(value, now, rows - 1).split("\n") : [], moving: false };
    const lines = draw(value, now, rows - 3).split("\n").slice(0, rows - 3);
    return { lines: [...lines, "", screen.paint.dim("  q ends")], moving: false };
  };
  const live = openLive({ stream: "stdout", draw: picture, onKey: (key) => (key === "q" || key === "^C" ? stop() : undefined) });
  process.once("SIGINT", stop);
  try {
    while (!state.over && !isLast(value)) {
      const began = systemClock.monotonic();
      value = await read();
      live.redraw();
      await Promise.race([enough.promise, pause(systemClock, Math.max(lookEveryMs, restPerLook * (systemClock.monotonic() - began)))]);
    }
    return value;
  } finally {
    process.off("SIGINT", stop);
    state.over = true;
    live.close();
  }
}
