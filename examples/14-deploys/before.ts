// A subscription as it was before a deploy; after.ts is the same workflow with a check in front of the charge. Runs that live through the
// deploy go on with what they have begun, new ones get the check.
//
// $ npx pyworkflow --module ./examples/14-deploys/before.ts workflows run subscription --arg user=ada --until suspended --quiet
// run_…	suspended
// $ npx pyworkflow --module ./examples/14-deploys/after.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs result @last
// "ada pays 10"
// $ npx pyworkflow --module ./examples/14-deploys/after.ts workflows run subscription --arg user=eve --wait --quiet
// run_…	completed
// $ npx pyworkflow runs result @last
// "eve pays 10, checked"
import { sleep, step, workflow } from "pyworkflow";
import { z } from "zod";

const chargeUser = step("charge_user", async (user: string) => `${user} pays 10`);
const thankUser = step("thank_user", async (text: string) => text);

export const subscription = workflow({ name: "subscription", input: z.object({ user: z.string() }) }, async ({ user }) => {
  const charged = await chargeUser(user);
  await sleep("1ms");
  return thankUser(charged);
});
