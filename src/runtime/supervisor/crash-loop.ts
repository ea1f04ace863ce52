import type { RunId } from "../../core/ids.js";

/** From this many deaths in a row without a new outcome on, the code is to blame and no run is (a bad deploy). */
export const crashLoopDeaths = 5;

const pauseFirstMs = 200;
const pauseMaxMs = 60_000;

/** Whose recovery attempts a death raises, where `inARow` counts the deaths since the last new outcome, this one included. */
export function chargeFor(inARow: number, blamed: RunId | undefined): "all" | "none" | RunId {
  if (inARow >= crashLoopDeaths) return "none";
  return blamed ?? "all";
}

/** How long to wait before a process is started in place of a dead one: the first at once, then twice as long each time. */
export function pauseMs(inARow: number): number {
  return inARow <= 1 ? 0 : Math.min(pauseFirstMs * 2 ** (inARow - 2), pauseMaxMs);
}
