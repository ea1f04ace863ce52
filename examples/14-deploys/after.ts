// See before.ts. Without `patched` the runs from before the deploy would be parked: their history has no check in front of the charge.
import { hook, patched, step, workflow } from "pyworkflow";
import { z } from "zod";

const checkOrder = step("check_order", async (orderId: string) => `${orderId} is in order`);
const chargeOrder = step("charge_order", async (orderId: string) => `${orderId} charged`);

export const shopOrder = workflow({ name: "shop_order", input: z.object({ orderId: z.string() }) }, async ({ orderId }) => {
  if (patched("check-before-charge")) await checkOrder(orderId);
  const charged = await chargeOrder(orderId);
  const packed = await hook<string>("packed");
  return `${charged}, ${packed}`;
});
