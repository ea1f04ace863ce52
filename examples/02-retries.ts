// A warehouse that answers at the third call. What fails is tried again: after the step's own delays, or when its error says.
// The log keeps every attempt, and the attempts survive the process: a wait of five seconds or more leaves memory.
//
// $ npx pyworkflow --module ./examples/02-retries.ts workflows run restock --arg item=teapot --wait
// run_…: no live worker executes restock, so this process executes the run
//   workflow.started
//   step.started step_ask_warehouse_1
//   step.failed step_ask_warehouse_1 after 1ms
//   step.retrying step_ask_warehouse_1 after 1ms
//   step.started step_ask_warehouse_1
//   step.failed step_ask_warehouse_1 after 1ms
//   step.retrying step_ask_warehouse_1 after 1ms
//   step.started step_ask_warehouse_1
//   step.completed step_ask_warehouse_1 after 1ms
//   workflow.completed after 400ms
// run_…	completed
// $ npx pyworkflow runs result @last
// {
//   "item": "teapot",
//   "attempt": 3
// }
import { RetryableError, step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

const askWarehouse = step({ name: "ask_warehouse", maxRetries: 4, retryDelay: ["100ms", "1s", "1m"] }, async (item: string) => {
  const { attempt } = stepContext();
  if (attempt === 1) throw new Error("the warehouse does not answer"); // tried again after 100 ms, the first of the delays
  if (attempt === 2) throw new RetryableError("the warehouse is busy", { retryAfter: "300ms" }); // wins over the delays
  return { item, attempt };
});

export const restock = workflow({ name: "restock", input: z.object({ item: z.string() }) }, async ({ item }) => askWarehouse(item));
