import type { Terminal } from "./pty.js";

/** All that is shown, without what differs each time: times, ids, pids, and where a spinner stands. */
export function picture(terminal: Pick<Terminal, "shown">): string {
  return sameEachTime(terminal.shown());
}

/** A text with words in the place of what differs each time. */
export function sameEachTime(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, "WHEN")
    .replaceAll(/run_[\da-z…]{6,26}/g, "RUN")
    .replaceAll(/worker_[\da-z…]{6,26}/g, "WORKER")
    .replaceAll(/\b(?:\d+d \d+h|\d+[hm] \d+[ms]|\d+(?:\.\d+)?(?:ms|s|m|h|d))(?: ago)?(?=\W|$)/g, "TIME")
    .replaceAll(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/g, "*");
}
