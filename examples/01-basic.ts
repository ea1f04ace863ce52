// An order in three steps. Each step's outcome is an event in the run's log, and none is executed twice.
//
// $ npx pyworkflow --module ./examples/01-basic.ts workflows run basic_order --arg orderId=ORD-1 --arg amount=49.99 --wait
// run_…: no live worker executes basic_order, so this process executes the run
//   workflow.started
//   step.started step_reserve_stock_1
//   step.completed step_reserve_stock_1 after 1ms
//   step.started step_take_payment_1
//   step.completed step_take_payment_1 after 1ms
//   step.started step_send_confirmation_1
//   step.completed step_send_confirmation_1 after 1ms
//   workflow.completed after 5ms
// run_…	completed
// $ npx pyworkflow runs result @last
// {
//   "orderId": "ORD-1",
//   "receipt": "49.99 for ORD-1",
//   "mail": "ORD-1 is on its way"
// }
import { step, workflow } from "pyworkflow";
import { z } from "zod";

const reserveStock = step("reserve_stock", async (orderId: string) => `stock of ${orderId}`);
const takePayment = step("take_payment", async (orderId: string, amount: number) => `${amount} for ${orderId}`);
const sendConfirmation = step("send_confirmation", async (orderId: string) => `${orderId} is on its way`);

export const basicOrder = workflow(
  { name: "basic_order", input: z.object({ orderId: z.string(), amount: z.number().default(99.99) }) },
  async ({ orderId, amount }) => {
    await reserveStock(orderId);
    const receipt = await takePayment(orderId, amount);
    const mail = await sendConfirmation(orderId);
    return { orderId, receipt, mail };
  },
);
