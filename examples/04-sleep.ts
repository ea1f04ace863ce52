// A user is welcomed, and hears of us again after one day and after three. A sleep is a time in the store: it takes no memory, needs no
// process and outlives every restart. `--arg day=1s` makes the days short; without it, the run is suspended for a day.
//
// $ npx pyworkflow --module ./examples/04-sleep.ts workflows run onboarding --arg user=ada --arg day=1s --wait
// run_…: no live worker executes onboarding, so this process executes the run
//   workflow.started
//   step.started step_send_mail_1
//   step.completed step_send_mail_1 after 1ms
//   sleep.started sleep_1
//   workflow.suspended after 5ms
//   workflow.resumed after 1.0s
//   sleep.completed sleep_1 after 1.0s
//   step.started step_send_mail_2
//   step.completed step_send_mail_2 after 1ms
//   sleep.started sleep_2
//   workflow.suspended after 1.0s
//   workflow.resumed after 3.0s
//   sleep.completed sleep_2 after 2.0s
//   step.started step_send_mail_3
//   step.completed step_send_mail_3 after 1ms
//   workflow.completed after 3.0s
// run_…	completed
// $ npx pyworkflow runs result @last
// [
//   "welcome, ada",
//   "ada, have you seen this?",
//   "ada, we miss you"
// ]
import { now, sleep, step, workflow } from "pyworkflow";
import { z } from "zod";

const sendMail = step("send_mail", async (text: string) => text);

export const onboarding = workflow(
  { name: "onboarding", input: z.object({ user: z.string(), day: z.string().default("1d") }) },
  async ({ user, day }) => {
    const welcome = await sendMail(`welcome, ${user}`);
    const begun = now().getTime();
    await sleep(day);
    const aDayMs = now().getTime() - begun;
    const hint = await sendMail(`${user}, have you seen this?`);
    await sleep(new Date(now().getTime() + 2 * aDayMs)); // or until a point in time
    const reminder = await sendMail(`${user}, we miss you`);
    return [welcome, hint, reminder];
  },
);
