import { claimContract } from "./claim.js";
import { commitContract } from "./commit.js";
import { concurrencyContract } from "./concurrency.js";
import { familyContract } from "./family.js";
import { hooksContract } from "./hooks.js";
import { idempotencyContract } from "./idempotency.js";
import { importingContract } from "./importing.js";
import { listingContract } from "./listing.js";
import { pruningContract } from "./pruning.js";
import { pruningTicksContract } from "./pruning-ticks.js";
import { retryContract } from "./retry.js";
import { runsContract } from "./runs.js";
import { scheduleRacesContract } from "./schedule-races.js";
import { scheduledRunsContract } from "./scheduled-runs.js";
import { schedulesContract } from "./schedules.js";
import type { MakeStore } from "./support.js";
import { ticksContract } from "./ticks.js";
import { transientContract } from "./transient.js";
import { versionsContract } from "./versions.js";
import { wakeContract } from "./wake.js";
import { workersContract } from "./workers.js";

/** Everything that `storage/backend.ts` promises. Each backend runs all of it. */
export function storageContract(make: MakeStore): void {
  for (const topic of topics) topic(make);
}

const topics = [
  runsContract,
  commitContract,
  claimContract,
  versionsContract,
  workersContract,
  hooksContract,
  familyContract,
  retryContract,
  idempotencyContract,
  importingContract,
  listingContract,
  wakeContract,
  transientContract,
  concurrencyContract,
  schedulesContract,
  ticksContract,
  scheduledRunsContract,
  scheduleRacesContract,
  pruningContract,
  pruningTicksContract,
];
