// An expense that a reviewer answers with a form: the hook has a schema, so that a wrong answer is refused at the door and the command
// line can ask for the fields. `onCreated` sends the token out as soon as the hook can be resumed.
//
// $ npx pyworkflow --module ./examples/07-typed-hook.ts workflows run expense --arg amount=120 --until suspended --quiet
// run_…	suspended
// $ npx pyworkflow --module ./examples/07-typed-hook.ts hooks resume "$(npx pyworkflow hooks run @last -o plain)" --payload '{"approved":"perhaps"}'
// Error: the payload for run_…:hook_review_1 is not valid: approved: Invalid input: expected boolean, received string; reviewer: Invalid input: expected string, received undefined
//   the hook still waits; pyworkflow hooks info run_…:hook_review_1 shows what it takes
// $ npx pyworkflow --module ./examples/07-typed-hook.ts hooks resume "$(npx pyworkflow hooks run @last -o plain)" --payload '{"approved":true,"reviewer":"grace"}' --quiet
// run_…	hook_review_1	resumed
// $ npx pyworkflow --module ./examples/07-typed-hook.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs result @last
// "120 paid out, says grace: fine"
import { defineHook, step, workflow } from "pyworkflow";
import { z } from "zod";

const review = defineHook("review", z.object({ approved: z.boolean(), reviewer: z.string(), comment: z.string().default("fine") }));

// A link in a mail would bear the token.
const mailReviewer = step("mail_reviewer", async (token: string) => `https://expenses.example/answer/${encodeURIComponent(token)}`);

export const expense = workflow({ name: "expense", input: z.object({ amount: z.number() }) }, async ({ amount }) => {
  const { approved, reviewer, comment } = await review.wait({ timeout: "7d", onCreated: (token) => mailReviewer(token) });
  return `${amount} ${approved ? "paid out" : "not paid"}, says ${reviewer}: ${comment}`;
});
