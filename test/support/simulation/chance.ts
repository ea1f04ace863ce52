/** Repeatable chance: the same seed makes the same choices. */
export interface Chance {
  /** 0 ≤ x < 1. */
  next(): number;
  /** True with this likelihood. */
  happens(likelihood: number): boolean;
  /** A whole number, 0 ≤ n < below. */
  below(below: number): number;
  pick<T>(choices: readonly T[]): T | undefined;
}

export function chanceOf(...seed: readonly unknown[]): Chance {
  // Xorshift never leaves zero.
  let state = hashOf(...seed) || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return { next, below, happens: (likelihood) => next() < likelihood, pick: (choices) => choices[below(choices.length)] };
}

/** 32 bits that depend on every part. */
export function hashOf(...parts: readonly unknown[]): number {
  let hash = 0x9e3779b9;
  for (const character of parts.join("|")) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
