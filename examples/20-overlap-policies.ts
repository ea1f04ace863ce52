// What the five policies make of due times that come while a run has not ended. A clean-up is due every night; a backfill asks for the 31 nights of March at
// once, while no worker lives, so the run of the first night is still there when the others are decided. Then a worker comes, and what is buffered follows: the last
// column of the list is how many runs have completed, of how many that were started.
//
// $ for policy in skip buffer_one buffer_all cancel_other allow_all; do npx pyworkflow --module ./examples/20-overlap-policies.ts schedules create tidy_up --cron '17 3 * * *' --overlap $policy --schedule-id $policy -o plain --quiet; done
// skip
// buffer_one
// buffer_all
// cancel_other
// allow_all
// $ for policy in skip buffer_one buffer_all cancel_other allow_all; do echo $policy: $(npx pyworkflow schedules backfill $policy --start 2026-03-01 --end 2026-04-01 --quiet | grep -e Runs -e Buffered -e Skipped); done
// skip: Runs Created: 1 Buffered: 0 Skipped: 30
// buffer_one: Runs Created: 1 Buffered: 1 Skipped: 29
// buffer_all: Runs Created: 1 Buffered: 30 Skipped: 0
// cancel_other: Runs Created: 31 Buffered: 0 Skipped: 0
// allow_all: Runs Created: 31 Buffered: 0 Skipped: 0
// $ npx pyworkflow --module ./examples/20-overlap-policies.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow schedules list | cut -f 1,7
// allow_all	31/31
// cancel_other	1/31
// buffer_all	31/31
// buffer_one	2/2
// skip	1/1
// $ npx pyworkflow schedules ticks buffer_one -o plain | tail -3
// 2026-03-03T03:17:00.000Z skipped -
// 2026-03-02T03:17:00.000Z fired run_…
// 2026-03-01T03:17:00.000Z fired run_…
import { now, runContext, step, workflow } from "pyworkflow";

const deleteOlderThan = step("delete_older_than", async (time: string) => `deleted what was older than ${time}`);

export const tidyUp = workflow("tidy_up", async () => deleteOlderThan((runContext().scheduledTime ?? now()).toISOString()));
