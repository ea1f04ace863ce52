// What the five policies make of a day on which one run did not end in time. The schedules are due every hour; a backfill asks for the 24 due times of
// a day at once, while no worker lives, so that the run of the first one is still there when the second is decided. Then a worker comes.
//
// $ for policy in skip buffer_one buffer_all cancel_other allow_all; do npx pyworkflow --module ./examples/20-overlap-policies.ts schedules create tidy_up --cron '0 * * * *' --overlap $policy --schedule-id $policy -o plain; done
// $ for policy in skip buffer_one buffer_all cancel_other allow_all; do npx pyworkflow schedules backfill $policy --start 2026-03-02 --end 2026-03-03 --quiet; done
// $ npx pyworkflow --module ./examples/20-overlap-policies.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow schedules ticks buffer_all --kind backfill --limit 3 
import { runContext, step, workflow } from "pyworkflow";

const deleteOlderThan = step("delete_older_than", async (time: string) => `deleted what was older than ${time}`);

export const tidyUp = workflow("tidy_up", async () => deleteOlderThan((runContext().scheduledTime ?? new Date()).toISOString()));
