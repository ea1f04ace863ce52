import { soon } from "../base/clock.js";

/**
 * A turn is one delivery and the drain of its microtasks. Immediates that were queued together run back to back, with
 * nothing but microtasks and ticks between them: neither a timer nor I/O can run inside a turn, so whoever makes a durable
 * call outside one has waited for something that is not in the log.
 */

const turnsAtOnceMax = 64;

let owner: object | undefined;

/** Whether a turn of this body is open. Opening one body's turn closes any other's, so a promise shared by two runs is found out. */
export function isTurnOf(body: object): boolean {
  return owner === body;
}

/** Calls `deliver` in turns of their own, until it says there is nothing (false) or `count` turns are done. Resolves after the last turn is closed. */
export function takeTurns(body: object, count: number, deliver: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    let more = true;
    const one = () => {
      owner = body;
      more &&= deliver();
      if (!more) owner = undefined;
    };
    for (let turn = 0; turn < Math.min(count, turnsAtOnceMax); turn++) soon(one);
    soon(() => {
      owner = undefined;
      resolve();
    });
  });
}
