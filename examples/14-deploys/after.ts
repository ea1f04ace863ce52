// See before.ts. Without `patched` the runs from before would be parked: their history has no check in front of the charge.
import { patched, sleep, step, workflow } from "pyworkflow";
import { z } from "zod";

const checkUser = step("check_user", async (user: string) => `${user} is known`);
const chargeUser = step("charge_user", async (user: string) => `${user} pays 10`);
const thankUser = step("thank_user", async (text: string) => text);

export const subscription = workflow({ name: "subscription", input: z.object({ user: z.string() }) }, async ({ user }) => {
  const checks = patched("check-before-charge");
  if (checks) await checkUser(user);
  const charged = await chargeUser(user);
  await sleep("1ms");
  return thankUser(checks ? `${charged}, checked` : charged);
});
