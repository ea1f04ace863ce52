// Records the history of each sample run that has none yet, as test/replay/<name>.json: `npm run histories`. What is there is never written
// again: the code of every later version has to fit it.
import { existsSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openTestEngine } from "pyworkflow/testing";
import { registeredWorkflows } from "../../../dist/engine/registry.js";
import { loadModules } from "../../../dist/main/load-modules.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * A run of an example, and what happens to it.
 * @typedef {object} Sample
 * @property {string} file The example it is a run of, below `examples/`.
 * @property {string} [against] The file that it has to fit, where that is another one.
 * @property {string} workflow Its name.
 * @property {unknown} [input] What it is started with.
 * @property {string} [schedule] The schedule that is triggered to start it.
 * @property {import("pyworkflow/testing").StepStandIns} [steps] For steps that really wait.
 * @property {import("pyworkflow/testing").HookStandIns} [hooks] For the people who would answer.
 * @property {string} [advance] How much time passes.
 * @property {true} [cancel] Whether it is cancelled then.
 */

/** @type {Readonly<Record<string, Sample>>} */
const samples = {
  "01-basic": { file: "01-basic.ts", workflow: "basic_order", input: { orderId: "ORD-1", amount: 49.99 } },
  "02-retries": { file: "02-retries.ts", workflow: "restock", input: { item: "desk" }, advance: "1m" },
  "03-fatal-errors": { file: "03-fatal-errors.ts", workflow: "book_trip", input: { card: "expired" } },
  "04-sleep": { file: "04-sleep.ts", workflow: "onboarding", input: { user: "Ada" }, advance: "3d" },
  "05-parallel": { file: "05-parallel.ts", workflow: "nightly_report", input: { regions: ["north", "south", "west"] }, steps: { ping_region: (/** @type {string} */ region) => region } },
  "06-approval": { file: "06-approval.ts", workflow: "purchase", input: { item: "desk" }, hooks: { manager: { approved: true } } },
  "06-approval-late": { file: "06-approval.ts", workflow: "purchase", input: { item: "desk" }, hooks: { director: { approved: false } }, advance: "2d" },
  "07-typed-hook": { file: "07-typed-hook.ts", workflow: "expense", input: { amount: 80 }, hooks: { review: { approved: true, reviewer: "Grace" } } },
  "08-children": { file: "08-children.ts", workflow: "fulfil_order", input: { orderId: "ORD-1", amount: 250 } },
  "09-cancellation": { file: "09-cancellation.ts", workflow: "hold_room", input: { room: 12 }, cancel: true },
  "10-continue-as-new": { file: "10-continue-as-new.ts", workflow: "import_customers", input: { pages: 3 } },
  "11-idempotency": { file: "11-idempotency.ts", workflow: "pay_once", input: { orderId: "ORD-1" }, advance: "1s" },
  "12-long-running": { file: "12-long-running.ts", workflow: "export_archive", input: { files: 3 }, steps: { export_files: (/** @type {number} */ files) => `${files} files` } },
  "13-fault-tolerance": { file: "13-fault-tolerance.ts", workflow: "nightly_pipeline", input: { day: "2025-01-01" } },
  "14-deploys": { file: "14-deploys/before.ts", against: "14-deploys/after.ts", workflow: "shop_order", input: { orderId: "ORD-1" } },
  "14-deploys-done": { file: "14-deploys/before.ts", against: "14-deploys/after.ts", workflow: "shop_order", input: { orderId: "ORD-1" }, hooks: { packed: "packed" } },
  "15-event-limits": { file: "15-event-limits/workflow.ts", workflow: "count_votes", input: { districts: 3 } },
  "19-scheduled-report": { file: "19-scheduled-report.ts", workflow: "sales_report", schedule: "auto_sales_report" },
  "20-overlap-policies": { file: "20-overlap-policies.ts", workflow: "tidy_up" },
};

// Where the repository lies is nobody's business, and a stack tells it.
Error.stackTraceLimit = 0;

/** @type {Set<string>} */
const loaded = new Set();

for (const [name, sample] of Object.entries(samples)) {
  const path = fileURLToPath(new URL(`../${name}.json`, import.meta.url));
  if (existsSync(path)) continue;
  const { file, against = file } = sample;
  const stored = { against: `examples/${against}`, ...(await historyOf(sample)) };
  writeFileSync(path, `${JSON.stringify(stored, null, 2)}\n`);
  process.stdout.write(`test/replay/${name}.json: ${stored.history.length} events, the last ${stored.history.at(-1)?.type}\n`);
}

/** @param {Sample} sample Without a history yet. */
async function historyOf({ file, workflow, input, schedule, steps = {}, hooks = {}, advance, cancel }) {
  await load(file);
  const workflows = [...registeredWorkflows().values()];
  const definition = workflows.find(({ name }) => name === workflow);
  if (definition === undefined) throw new Error(`examples/${file} has no workflow called ${workflow}`);
  const engine = await openTestEngine({ workflows, steps, hooks, scheduler: false });
  const start = () => engine.start(/** @type {import("pyworkflow").WorkflowDefinition<unknown>} */ (definition), input);
  const { runId } = schedule === undefined ? await start() : await engine.schedules.trigger(schedule);
  if (runId === undefined) throw new Error(`${schedule} started nothing`);
  if (advance !== undefined) await engine.advance(advance);
  if (cancel) await engine.cancel(runId);
  const stored = await engine.historyOf(runId);
  await engine.close();
  return stored;
}

/** @param {string} file Below `examples/`; each is imported once. */
async function load(file) {
  if (!loaded.has(file)) await loadModules({ root, modules: [`./examples/${file}`] });
  loaded.add(file);
}
