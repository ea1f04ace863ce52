// A nightly report from three regions at once. One of them is down: the report says so and does not wait for it. What arrives first
// is part of the log, so a replay of Promise.all, allSettled or race comes out as the first time.
//
// $ npx pyworkflow --module ./examples/05-parallel.ts workflows run nightly_report --arg 'regions=["north","south","west"]' --wait --quiet
// run_…	completed
// $ npx pyworkflow runs result @last
// {
//   "sales": {
//     "north": 500,
//     "south": 500
//   },
//   "missing": [
//     "west"
//   ],
//   "fastest": "north"
// }
import { setTimeout as pause } from "node:timers/promises";
import { FatalError, step, workflow } from "pyworkflow";
import { z } from "zod";

const countSales = step("count_sales", async (region: string) => {
  if (region === "west") throw new FatalError("the west is down");
  return { region, sales: region.length * 100 };
});
const pingRegion = step("ping_region", async (region: string) => {
  await pause(region === "north" ? 0 : 300);
  return region;
});

export const nightlyReport = workflow({ name: "nightly_report", input: z.object({ regions: z.array(z.string()) }) }, async ({ regions }) => {
  const fastest = await Promise.race(regions.map((region) => pingRegion(region)));
  const counts = await Promise.allSettled(regions.map((region) => countSales(region)));
  const sales = Object.fromEntries(counts.flatMap((count) => (count.status === "fulfilled" ? [[count.value.region, count.value.sales]] : [])));
  return { sales, missing: regions.filter((region) => !(region in sales)), fastest };
});
