import { defineHook, HookExpiredError, step, stepContext, workflow } from "pyworkflow";
import { z } from "zod";

// What somebody outside has to say. It is checked before anything is recorded: a payload that does not fit is refused, and the hook goes on waiting.
const decision = defineHook(
  "decision",
  z.object({
    approved: z.boolean(),
    approver: z.string().min(1),
    comment: z.string().default(""),
  }),
);

const expense = z.object({
  employee: z.string(),
  amount: z.number().positive(),
  answerWithin: z.string().default("3d"),
});

const pay = step({ name: "pay", maxRetries: 5 }, async (employee: string, amount: number) => {
  const { idempotencyKey } = stepContext(); // the same for every attempt: a bank that has seen it pays once
  console.log(`pays ${amount} to ${employee} (${idempotencyKey})`);
  return { paid: amount };
});

const tell = step("tell", async (who: string, message: string) => {
  console.log(`mail to ${who}: ${message}`);
});

export const approveExpense = workflow(
  {
    name: "approve_expense",
    description: "Asks for a decision on an expense, waits for days if need be, and pays",
    input: expense,
  },
  async ({ employee, amount, answerWithin }) => {
    try {
      const { approved, approver, comment } = await decision.wait({
        timeout: answerWithin, // the run is suspended meanwhile: it takes no memory, and no process has to live that long
        onCreated: (token) => tell("approvers", `${employee} asks for ${amount}. Answer with: pyworkflow hooks resume ${token}`),
      });
      if (!approved) {
        await tell(employee, `${approver} refused: ${comment}`);
        return { status: "refused", approver, comment };
      }
      const payment = await pay(employee, amount);
      await tell(employee, `${approver} approved: ${amount} is on its way`);
      return { status: "paid", approver, payment };
    } catch (error) {
      if (!(error instanceof HookExpiredError)) throw error;
      await tell(employee, `nobody answered within ${answerWithin}: hand it in again`);
      return { status: "expired" };
    }
  },
);
