// A history can't grow without end: the configuration of this folder warns at 10 events and fails a run at 20. Work of any length goes
// into a chain (10-continue-as-new.ts) or into children (08-children.ts).
//
// $ npx pyworkflow --config ./examples/15-event-limits/pyworkflow.config.yaml workflows run count_votes --arg districts=50 --wait --quiet
// run_…	failed
// Error: run run_… failed: run run_… has reached the limit of 20 events
//   split the work into several runs, or raise limits.event_hard; pyworkflow runs logs run_… shows what happened
// $ npx pyworkflow runs status @last -o json | grep -o '"code": "EVENT_LIMIT"'
// "code": "EVENT_LIMIT"
import { step, workflow } from "pyworkflow";
import { z } from "zod";

const countDistrict = step("count_district", async (district: number) => district * 10);

export const countVotes = workflow({ name: "count_votes", input: z.object({ districts: z.number() }) }, async ({ districts }) => {
  let votes = 0;
  for (let district = 1; district <= districts; district++) votes += await countDistrict(district);
  return votes;
});
