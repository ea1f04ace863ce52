import { statfsSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { systemClock } from "../dist/base/clock.js";

/**
 * One line of the table.
 * @typedef {object} Figure
 * @property {string} what
 * @property {string} measured
 * @property {string} reference
 * @property {number} ratio Measured to reference.
 * @property {string} target
 * @property {boolean} met
 */

/** @type {(limit: number, value: number, show: (value: number) => string) => Pick<Figure, "target" | "met">} */
export const atLeast = (limit, value, show) => ({ target: `≥ ${show(limit)}`, met: value >= limit });

/** @type {(limit: number, value: number, show: (value: number) => string) => Pick<Figure, "target" | "met">} */
export const atMost = (limit, value, show) => ({ target: `≤ ${show(limit)}`, met: value <= limit });

/** @param {number} value */
export const percent = (value) => `${Math.round(value * 100)} %`;

/** @param {number} value */
export const times = (value) => `${Number(value.toFixed(2))} ×`;

/** @param {number} value */
export const ms = (value) => `${value < 10 ? Number(value.toFixed(2)) : Math.round(value)} ms`;

/** @param {number} value */
export const bytes = (value) => `${Math.round(value).toLocaleString("en")} B`;

/** @param {number} value */
export const megabytes = (value) => `${(value / 1_048_576).toFixed(1)} MB`;

/** @type {(what: string) => (value: number) => string} */
export const perSecond = (what) => (value) => `${Math.round(value).toLocaleString("en")} ${what}/s`;

/**
 * What the figures were taken under.
 * @param {string} folder
 * @param {boolean} quick
 */
export function conditions(folder, quick) {
  const facts = [
    new Date(systemClock.now()).toISOString().slice(0, 10),
    `Node ${process.version} (${process.platform} ${process.arch})`,
    `${availableParallelism()} cores`,
    `load ${loadavg()[0]?.toFixed(1)}`,
    `stores on ${fileSystemOf(folder)}`,
    "durability full where no other is named",
    ...(quick ? ["quick: less of everything"] : []),
  ];
  return facts.join(" · ");
}

/** @type {Readonly<Record<number, string>>} */
const fileSystems = { 0xef_53: "ext4", 0x58_46_53_42: "xfs", 0x91_23_68_3e: "btrfs", 0x01_02_19_94: "tmpfs", 0x79_4c_76_30: "overlayfs", 0x1a: "apfs" };

/** @param {string} folder */
function fileSystemOf(folder) {
  const { type } = statfsSync(folder);
  return fileSystems[type] ?? `a file system of type 0x${type.toString(16)}`;
}

/**
 * As Markdown, so that it can be kept.
 * @param {readonly Figure[]} figures
 */
export function table(figures) {
  const lines = [
    ["what", "measured", "reference", "ratio", "target", "met"],
    ...figures.map(({ what, measured, reference, ratio, target, met }) => [what, measured, reference, ratio.toFixed(2), target, met ? "yes" : "no"]),
  ];
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const [head, ...rest] = lines.map((cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  return [head, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`, ...rest].join("\n");
}
