// An order that has workflows of their own for the payment, which it waits for, and for the note to the customer, which it does not: that
// one outlives it. A child has its own run, log and settings; its failure reaches the parent as an error that can be caught.
//
// $ npx pyworkflow --module ./examples/08-children.ts workflows run fulfil_order --arg orderId=ORD-1 --arg amount=250 --no-wait --quiet
// run_…	pending
// $ npx pyworkflow --module ./examples/08-children.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs children "$(npx pyworkflow runs list --workflow fulfil_order --limit 1 -o plain)" -o jsonl | grep -o '"workflow_name":"[a-z_]*","status":"[a-z]*"'
// "workflow_name":"pay_order","status":"failed"
// "workflow_name":"tell_customer","status":"completed"
// $ npx pyworkflow runs result "$(npx pyworkflow runs list --workflow fulfil_order --limit 1 -o plain)"
// {
//   "orderId": "ORD-1",
//   "paid": "250 by invoice"
// }
import { ChildWorkflowFailedError, FatalError, runChild, startChild, step, workflow } from "pyworkflow";
import { z } from "zod";

const chargeAccount = step("charge_account", async (amount: number) => {
  if (amount > 200) throw new FatalError(`the account does not cover ${amount}`);
  return `${amount} by account`;
});
const writeInvoice = step("write_invoice", async (amount: number) => `${amount} by invoice`);
const writeMail = step("write_mail", async (to: string, text: string) => ({ to, text }));

export const payOrder = workflow("pay_order", async (amount: number) => chargeAccount(amount));
export const tellCustomer = workflow("tell_customer", async ({ orderId, text }: { orderId: string; text: string }) => writeMail(`customer of ${orderId}`, text));

export const fulfilOrder = workflow(
  { name: "fulfil_order", input: z.object({ orderId: z.string(), amount: z.number() }) },
  async ({ orderId, amount }) => {
    await startChild(tellCustomer, { orderId, text: "we have your order" });
    return { orderId, paid: await payment(amount) };
  },
);

async function payment(amount: number): Promise<string> {
  try {
    return await runChild(payOrder, amount);
  } catch (error) {
    if (error instanceof ChildWorkflowFailedError) return writeInvoice(amount);
    throw error;
  }
}
