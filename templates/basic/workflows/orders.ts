import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { FatalError, step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

const validateOrder = step("validate_order", async (orderId: string, amount: number) => {
  // A FatalError ends the run: trying again would not make the amount better.
  if (amount <= 0) throw new FatalError(`order ${orderId} has nothing to pay`);
  return { orderId, valid: true };
});

const processPayment = step({ name: "process_payment", maxRetries: 5 }, async (orderId: string, amount: number) => {
  const { idempotencyKey } = stepContext();
  await charge({ orderId, amount, idempotencyKey });
  return { orderId, paymentStatus: "completed", amount };
});

const updateInventory = step("update_inventory", async (orderId: string) => {
  return { orderId, inventoryUpdated: true };
});

export const processOrder = workflow(
  {
    name: "process_order",
    description: "Validates an order, takes the payment and updates the inventory",
    input: z.object({ orderId: z.string(), amount: z.number().default(99.99) }),
  },
  async ({ orderId, amount }) => {
    await validateOrder(orderId, amount);
    const payment = await processPayment(orderId, amount);
    const inventory = await updateInventory(orderId);
    return { orderId, status: "completed", payment, inventory };
  },
);

// The payment provider of this sample: a file with one line for each charge.
const ledger = join(import.meta.dirname, "..", "payments.jsonl");

interface Charge {
  readonly orderId: string;
  readonly amount: number;
  readonly idempotencyKey: string;
}

/** Charges once for each idempotency key, as payment providers do, and takes its time to confirm. */
async function charge(payment: Charge): Promise<void> {
  const charges = await readFile(ledger, "utf8").catch(() => "");
  // Every attempt of a step has the same key: where a worker died after the charge, the next attempt finds it here.
  if (!charges.includes(payment.idempotencyKey)) await appendFile(ledger, `${JSON.stringify(payment)}\n`);
  await pause(1500);
}
