// A purchase waits for a manager, two days at the longest, and then asks the director. A hook takes its payload once, from wherever
// it comes; until then the run takes no memory.
//
// $ npx pyworkflow --module ./examples/06-approval.ts workflows run purchase --arg item=desk --until suspended --quiet
// run_…	suspended
// $ npx pyworkflow hooks resume "$(npx pyworkflow hooks run @last -o plain)" --payload '{"approved":true}' --quiet
// run_…	hook_manager_1	resumed
// $ npx pyworkflow --module ./examples/06-approval.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs result @last
// {
//   "item": "desk",
//   "approvedBy": "manager"
// }
import { FatalError, hook, HookExpiredError, step, workflow } from "pyworkflow";
import { z } from "zod";

interface Answer {
  readonly approved: boolean;
}

const orderItem = step("order_item", async (item: string, approvedBy: string) => ({ item, approvedBy }));

export const purchase = workflow(
  { name: "purchase", input: z.object({ item: z.string(), patience: z.string().default("2d") }) },
  async ({ item, patience }) => {
    const { approved, by } = await firstAnswer(patience);
    if (!approved) throw new FatalError(`the ${by} does not want a ${item}`);
    return orderItem(item, by);
  },
);

async function firstAnswer(patience: string) {
  try {
    const { approved } = await hook<Answer>("manager", { timeout: patience });
    return { approved, by: "manager" };
  } catch (error) {
    if (!(error instanceof HookExpiredError)) throw error; // the run is being cancelled, say
    const { approved } = await hook<Answer>("director");
    return { approved, by: "director" };
  }
}
