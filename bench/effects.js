import { existsSync, readFileSync } from "node:fs";
import { until } from "./harness.js";

/**
 * One line of what a step of the workflow `effects` writes when it begins.
 * @typedef {{ readonly runId: string, readonly pid: number, readonly at: number }} Effect
 */

/**
 * @param {string} file
 * @returns {readonly Effect[]}
 */
export function readEffects(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [runId = "", pid, at] = line.split(" ");
    return { runId, pid: Number(pid), at: Number(at) };
  });
}

/**
 * The last effect of each run.
 * @param {string} file
 * @returns {ReadonlyMap<string, Effect>}
 */
export function lastEffects(file) {
  return new Map(readEffects(file).map((effect) => [effect.runId, effect]));
}

/**
 * The next effect that isn't there yet.
 * @param {string} file
 * @returns {Promise<Effect>}
 */
export function nextEffect(file) {
  const { length } = readEffects(file);
  return until("the next step", () => readEffects(file)[length]);
}
