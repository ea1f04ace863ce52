import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { now, runContext, step, workflow } from "pyworkflow";
import { z } from "zod";

const sumSales = step("sum_sales", async (region: string, day: string) => ({ region, day, orders: 42, total: 4158.58 }));

// The mail of this sample: a file with one line for each report.
const outbox = join(import.meta.dirname, "..", "reports.jsonl");

const send = step({ name: "send", maxRetries: 5 }, async (report: object) => {
  await appendFile(outbox, `${JSON.stringify(report)}\n`);
});

export const salesReport = workflow(
  {
    name: "sales_report",
    description: "Sends yesterday's sales, every working day at six in the morning",
    input: z.object({ region: z.string().default("north") }),
    schedule: {
      cron: "0 6 * * mon-fri",
      timezone: "Europe/Berlin",
      overlapPolicy: "buffer_one", // a report that is still being made when the next is due: that one waits for its end
      catchup: "latest", // after a night without a worker: one report, not all that were missed
    },
  },
  async ({ region }) => {
    // The time that this run is for, also where it starts late; a run that somebody started by hand is for today.
    const due = runContext().scheduledTime ?? now();
    const report = await sumSales(region, dayBefore(due));
    await send(report);
    return report;
  },
);

function dayBefore(time: Date): string {
  return new Date(time.getTime() - 86_400_000).toISOString().slice(0, 10);
}
