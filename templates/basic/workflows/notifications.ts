import { sleep, step, workflow } from "pyworkflow";
import { z } from "zod";

const sendEmail = step("send_email", async (to: string, subject: string, body: string) => {
  console.log(`email to ${to}: ${subject}: ${body}`);
  return { sent: true, to, subject };
});

const sendSms = step("send_sms", async (phone: string, message: string) => {
  console.log(`sms to ${phone}: ${message}`);
  return { sent: true, phone };
});

export const sendNotification = workflow(
  {
    name: "send_notification",
    description: "Tells a user something by email, by sms, or both",
    input: z.object({
      userId: z.string(),
      message: z.string(),
      channels: z.array(z.enum(["email", "sms"])).default(["email"]),
    }),
  },
  async ({ userId, message, channels }) => {
    const notifications = [];
    for (const channel of channels) {
      if (channel === "email") {
        notifications.push({ channel, ...(await sendEmail(`${userId}@example.com`, "Notification", message)) });
      } else {
        // A durable timer: the run waits without memory, and the wait goes on while no worker runs.
        await sleep("1s");
        notifications.push({ channel, ...(await sendSms("+1234567890", message)) });
      }
    }
    return { userId, notifications };
  },
);
