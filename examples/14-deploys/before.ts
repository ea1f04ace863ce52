// An order as it was before a deploy; after.ts is the same workflow with a check in front of the charge. A run that lives through the deploy goes on
// with what it has begun, a new one gets the check.
//
// $ npx pyworkflow --module ./examples/14-deploys/before.ts workflows run shop_order --arg orderId=ORD-1 --until suspended --quiet
// run_…	suspended
// $ npx pyworkflow hooks resume "$(npx pyworkflow hooks run @last -o plain)" --payload '"packed"' --quiet
// run_…	hook_packed_1	resumed
// $ npx pyworkflow --module ./examples/14-deploys/after.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs result @last
// "ORD-1 charged, packed"
// $ npx pyworkflow --module ./examples/14-deploys/after.ts workflows run shop_order --arg orderId=ORD-2 --until suspended
// run_…: no live worker executes shop_order, so this process executes the run
//   workflow.started
//   patch.recorded patch_check-before-charge_1
//   step.started step_check_order_1
//   step.completed step_check_order_1 after 1ms
//   step.started step_charge_order_1
//   step.completed step_charge_order_1 after 1ms
//   hook.created hook_packed_1
//   workflow.suspended after 10ms
// run_…	suspended
import { hook, step, workflow } from "pyworkflow";
import { z } from "zod";

const chargeOrder = step("charge_order", async (orderId: string) => `${orderId} charged`);

export const shopOrder = workflow({ name: "shop_order", input: z.object({ orderId: z.string() }) }, async ({ orderId }) => {
  const charged = await chargeOrder(orderId);
  const packed = await hook<string>("packed");
  return `${charged}, ${packed}`;
});
