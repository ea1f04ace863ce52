/** What holds where neither a definition, nor openEngine, nor the config file says otherwise. */
export const defaults = {
  step: { maxRetries: 3, retryDelay: "exponential" },
  workflow: { durable: true, tagsMax: 3 },
  recovery: { maxRecoveryAttempts: 3 },
  limits: { eventSoft: 10_000, eventHard: 50_000, eventWarningInterval: 100, payloadBytes: 1_048_576 },
  /** A mistyped id or token is compared with so many of the newest. */
  neighboursMax: 500,
  worker: {
    concurrency: 100,
    shutdownTimeoutMs: 30_000,
    /** A worker whose heartbeat stands still for this long is dead. */
    leaseMs: 15_000,
    /** An event loop that is blocked for this long is killed. */
    maxBlockMs: 300_000,
  },
  storage: {
    /** A dead worker stays on record for this long, for who looks afterwards. */
    deadWorkerKeptMs: 86_400_000,
    /** A worker is told for this long of a run that somebody ended while it held it. */
    takenRunsToldMs: 60_000,
    /** A transaction that prunes ends with the run whose events make it so many: workers wait for it. */
    prunedEventsMax: 5000,
  },
  pruning: {
    /** What ended or was decided a shorter time ago is not pruned: somebody may be waiting to hear of it. */
    ageLeastMs: 60_000,
    /** Runs, and ticks, in one transaction. */
    runsMax: 200,
    ticksMax: 1000,
    /** Between two transactions others write. */
    pauseMs: 10,
    /** A retention is carried out at the start of a process, and then so often. */
    everyMs: 3_600_000,
  },
  schedule: {
    overlapPolicy: "skip",
    catchup: "latest",
    catchupWindowMs: 86_400_000,
    timezone: "UTC",
    /** A tick that is decided later than this after its time was missed by every scheduler: catch-up says what becomes of it. */
    lateAfterMs: 10_000,
    /** Shortest interval. */
    intervalLeastMs: 1000,
    /** Ticks in one transaction. */
    ticksMax: 100,
    /** Schedules in one look. */
    dueMax: 100,
    /** Due times that one backfill may ask for. */
    backfillMax: 10_000,
    /** The store is asked again at least this often, in case a bell was not heard. */
    pollMs: 5000,
  },
  engine: {
    /** Step bodies at a time in a process. */
    stepsMax: 1000,
    /** Generations of children: a run so deep has none. */
    nestingDepthMax: 3,
    /** A retry sooner than this waits in memory; a later one suspends the run. */
    retryInMemoryMs: 5000,
    /** A body that waits for nothing in its log is given this long to make the call that tells what it waited for. */
    strayMs: 1000,
    /** Children of runs that have ended, closed in one transaction. */
    childrenClosedMax: 100,
    /** A cancelled step may take this long to notice its signal. */
    cancelGraceMs: 10_000,
    /** Most events, and most bytes of payload, in one transaction. */
    batchEventsMax: 2000,
    batchBytesMax: 8 * 1_048_576,
  },
} as const;
