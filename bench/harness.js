import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * What a row gets.
 * @typedef {object} Bench
 * @property {string} folder Its own; not made yet.
 * @property {boolean} quick The short form.
 * @property {number} pairs How many measurements, each with its reference.
 */

/**
 * A measurement and its reference, in the same unit.
 * @typedef {{ readonly measured: number, readonly reference: number }} Pair
 */

/**
 * Takes pairs after a warm-up; a pair's two sides follow each other, so that both see the same state of the machine.
 * @param {number} count
 * @param {() => Promise<Pair> | Pair} take
 * @returns {Promise<Pair & { readonly ratio: number }>} Medians; `ratio` is that of the pairs.
 */
export async function interleaved(count, take) {
  await take();
  /** @type {Pair[]} */
  const pairs = [];
  for (let n = 0; n < count; n++) pairs.push(await take());
  return {
    measured: median(pairs.map(({ measured }) => measured)),
    reference: median(pairs.map(({ reference }) => reference)),
    ratio: median(pairs.map(({ measured, reference }) => measured / reference)),
  };
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2;
}

/**
 * The value that `percent` of the others don't exceed.
 * @param {readonly number[]} values
 * @param {number} percent
 */
export function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/**
 * @param {string | undefined} parent
 * @param {(folder: string) => Promise<void>} work
 */
export async function inTemporaryFolder(parent, work) {
  const folder = mkdtempSync(join(parent ?? tmpdir(), "pyworkflow-bench-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

let files = 0;

/**
 * The path of a file that doesn't exist yet, in a folder that does.
 * @param {Bench} bench
 * @param {string} name
 */
export function freshFile({ folder }, name) {
  const path = join(folder, String(files++), name);
  mkdirSync(dirname(path), { recursive: true });
  return path;
}

const factsTakeMs = 60_000;

/**
 * Asks until there is an answer.
 * @template T
 * @param {string} what Completes "waited in vain for …".
 * @param {() => Promise<T | undefined> | T | undefined} ask
 * @returns {Promise<T>}
 */
export async function until(what, ask) {
  const giveUpAt = performance.now() + factsTakeMs;
  while (performance.now() < giveUpAt) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await pause(10);
  }
  throw new Error(`waited ${factsTakeMs / 1000} s in vain for ${what}`);
}
