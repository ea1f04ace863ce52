import { createHash, randomUUID } from "node:crypto";
import { systemClock } from "../../base/clock.js";
import { currentBody } from "./current.js";

/**
 * The time as the run knows it: the largest among its start and the outcomes it has seen. The same on every replay, and no
 * event. Outside a body the wall clock.
 */
export function now(): Date {
  const current = currentBody();
  return new Date(current === undefined ? systemClock.now() : current.body.timeMs);
}

/** A number from 0 up to, not including, 1; the same on every replay of a run. Outside a body Math.random(). */
export function random(): number {
  const seed = nextSeed();
  // 48 bits: as many as fit well below the 53 of a double.
  return seed === undefined ? Math.random() : seed.readUIntBE(0, 6) / 2 ** 48;
}

/** A UUID of version 4 in form; the same on every replay of a run. Outside a body a random one. */
export function uuid(): string {
  const seed = nextSeed();
  if (seed === undefined) return randomUUID();
  seed.writeUInt8((seed.readUInt8(6) & 0x0f) | 0x40, 6);
  seed.writeUInt8((seed.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = seed.toString("hex", 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
}

function nextSeed(): Buffer | undefined {
  const current = currentBody();
  if (current === undefined) return undefined;
  return createHash("sha256").update(current.body.nextChance()).digest();
}
