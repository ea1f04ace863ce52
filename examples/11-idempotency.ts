// One order, ordered twice: a second start with the same idempotency key names the first run and starts nothing. Inside the run the
// step's own key, the same for every attempt, lets the payment provider do the same.
//
// $ npx pyworkflow --module ./examples/11-idempotency.ts workflows run pay_once --arg orderId=ORD-1 --idempotency-key ORD-1 --wait --quiet
// run_…	completed
// $ npx pyworkflow --module ./examples/11-idempotency.ts workflows run pay_once --arg orderId=ORD-1 --idempotency-key ORD-1 --no-wait
// The idempotency key names run run_…: nothing new was started.
// run_…	completed
// $ npx pyworkflow runs result @last
// {
//   "orderId": "ORD-1",
//   "attempt": 2,
//   "charges": 1
// }
import { step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

// The payment provider: it charges once for each key.
const charges = new Map<string, string>();

const charge = step({ name: "charge_once", retryDelay: "10ms" }, async (orderId: string) => {
  const { attempt, idempotencyKey } = stepContext();
  charges.set(idempotencyKey, orderId);
  if (attempt === 1) throw new Error("charged, and then the line broke");
  return { orderId, attempt, charges: charges.size };
});

export const payOnce = workflow({ name: "pay_once", input: z.object({ orderId: z.string() }) }, async ({ orderId }) => charge(orderId));
