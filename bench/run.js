// Measures the engine against references taken in the same run, and prints one table. See docs/performance.md.
import { parseArgs } from "node:util";
import { inTemporaryFolder } from "./harness.js";
import { conditions, table } from "./report.js";
import { cancel } from "./rows/cancel.js";
import { disk } from "./rows/disk.js";
import { hooks } from "./rows/hooks.js";
import { large } from "./rows/large.js";
import { latency } from "./rows/latency.js";
import { processes } from "./rows/processes.js";
import { recovery } from "./rows/recovery.js";
import { replay } from "./rows/replay.js";
import { schedules } from "./rows/schedules.js";
import { sequential } from "./rows/sequential.js";
import { status } from "./rows/status.js";
import { steps } from "./rows/steps.js";
import { supervisor } from "./rows/supervisor.js";
import { suspended } from "./rows/suspended.js";

/** @type {Readonly<Record<string, (bench: import("./harness.js").Bench) => Promise<readonly import("./report.js").Figure[]>>>} */
const rows = { steps, processes, sequential, latency, recovery, supervisor, replay, status, large, disk, suspended, hooks, cancel, schedules };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: "boolean", default: false }, folder: { type: "string" } },
});
const unknown = positionals.filter((name) => !(name in rows));
if (unknown.length > 0) {
  process.stderr.write(`bench: no row is called ${unknown.join(", ")}; name some of ${Object.keys(rows).join(", ")}, or none for all\n`);
  process.exitCode = 2;
} else {
  await measure(positionals.length > 0 ? positionals : Object.keys(rows));
}

/** @param {readonly string[]} names */
async function measure(names) {
  await inTemporaryFolder(values.folder, async (folder) => {
    /** @type {import("./report.js").Figure[]} */
    const figures = [];
    for (const name of names) figures.push(...(await figuresOf(name, folder)));
    process.stdout.write(`${conditions(folder, values.quick)}\n\n${table(figures)}\n`);
  });
}

/**
 * The figures of one row. One that fails takes no other with it.
 * @param {string} name
 * @param {string} folder
 */
async function figuresOf(name, folder) {
  const startedAt = performance.now();
  try {
    return (await rows[name]?.({ folder: `${folder}/${name}`, quick: values.quick, pairs: values.quick ? 2 : 5 })) ?? [];
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`bench: ${name} failed: ${error instanceof Error ? error.stack : String(error)}\n`);
    return [];
  } finally {
    process.stderr.write(`bench: ${name} took ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  }
}
