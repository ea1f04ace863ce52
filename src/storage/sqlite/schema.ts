/** One step of the file's format. `since` is the oldest version of the package that reads a file with it. */
export interface Migration {
  readonly since: string;
  readonly sql: string;
}

/** Marks a file as ours, beside its `user_version`. */
export const applicationId = 0x70_79_77_66; // "pywf"

// Applied in order; a file's `user_version` counts those it has. Never change one that was released: add another.
export const migrations: readonly Migration[] = [
  {
    since: "0.1.0",
    sql: `
      CREATE TABLE migrations (version INTEGER PRIMARY KEY, since TEXT NOT NULL) STRICT;

      -- Texts too large for their row: elsewhere an INTEGER in the place of a TEXT is an id of this table.
      CREATE TABLE payloads (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;

      CREATE TABLE runs (
        key INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        workflow TEXT NOT NULL,
        durable INTEGER NOT NULL,
        status TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        inbox INTEGER,
        due_at INTEGER,
        wake_reason TEXT,
        worker_id TEXT,
        recovery_attempts INTEGER NOT NULL,
        parked TEXT,
        created_at INTEGER NOT NULL,
        started_at INTEGER,
        completed_at INTEGER,
        idempotency_key TEXT,
        tags TEXT NOT NULL,
        recover_on_worker_loss INTEGER NOT NULL,
        max_recovery_attempts INTEGER NOT NULL,
        input ANY NOT NULL,
        result ANY,
        error ANY
      ) STRICT;
      CREATE UNIQUE INDEX runs_idempotent ON runs (workflow, idempotency_key) WHERE idempotency_key IS NOT NULL;
      CREATE INDEX runs_due ON runs (workflow, due_at) WHERE due_at IS NOT NULL;
      CREATE INDEX runs_parked ON runs (workflow, parked ->> '$.version') WHERE parked IS NOT NULL;
      CREATE INDEX runs_held ON runs (worker_id) WHERE worker_id IS NOT NULL;
      CREATE INDEX runs_inbox ON runs (worker_id, inbox) WHERE worker_id IS NOT NULL AND inbox IS NOT NULL;
      CREATE INDEX runs_newest ON runs (created_at);
      CREATE INDEX runs_by_status ON runs (status, created_at);
      CREATE INDEX runs_by_workflow ON runs (workflow, created_at);

      CREATE TABLE events (
        run INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        type INTEGER NOT NULL,
        at INTEGER NOT NULL,
        operation TEXT,
        value ANY,
        rest TEXT,
        PRIMARY KEY (run, sequence)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE workers (
        key INTEGER PRIMARY KEY,
        worker_id TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL,
        counter INTEGER NOT NULL,
        heartbeat_at INTEGER NOT NULL,
        processed INTEGER NOT NULL,
        stop_requested INTEGER NOT NULL,
        died_at INTEGER,
        facts TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    since: "0.1.0",
    sql: `
      ALTER TABLE runs ADD COLUMN max_duration_ms INTEGER;
      ALTER TABLE runs ADD COLUMN interrupted_at INTEGER;
      ALTER TABLE runs ADD COLUMN parent TEXT;
      ALTER TABLE runs ADD COLUMN parent_operation TEXT;
      ALTER TABLE runs ADD COLUMN parent_close TEXT;
      ALTER TABLE runs ADD COLUMN nesting_depth INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE runs ADD COLUMN continued_from TEXT;
      ALTER TABLE runs ADD COLUMN continued_to TEXT;
      ALTER TABLE runs ADD COLUMN rerun_of TEXT;
      ALTER TABLE runs ADD COLUMN seed TEXT;
      ALTER TABLE runs ADD COLUMN cancellation_requested INTEGER;
      ALTER TABLE runs ADD COLUMN closable_children INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE runs ADD COLUMN reserved_for TEXT;
      ALTER TABLE runs ADD COLUMN closing INTEGER;
      ALTER TABLE runs ADD COLUMN orphaned INTEGER;
      -- The worker that held the run when somebody else ended it.
      ALTER TABLE runs ADD COLUMN taken_from TEXT;
      CREATE INDEX runs_children ON runs (parent, created_at) WHERE parent IS NOT NULL;
      CREATE INDEX runs_live_children ON runs (parent, parent_close) WHERE parent IS NOT NULL AND completed_at IS NULL AND orphaned IS NULL;
      CREATE INDEX runs_interrupted ON runs (created_at) WHERE interrupted_at IS NOT NULL;
      CREATE INDEX runs_closing ON runs (closing) WHERE closing = 1;
      CREATE INDEX runs_taken ON runs (taken_from, completed_at) WHERE taken_from IS NOT NULL;

      CREATE TABLE hooks (
        run INTEGER NOT NULL,
        operation TEXT NOT NULL,
        name TEXT NOT NULL,
        status TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        expires_at INTEGER,
        received_at INTEGER,
        payload ANY,
        schema ANY,
        PRIMARY KEY (run, operation)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX hooks_newest ON hooks (created_at, run, sequence);
      CREATE INDEX hooks_by_status ON hooks (status, created_at, run, sequence);

      -- What the fold of version 2 makes of the events of version 1.
      UPDATE runs SET interrupted_at = (SELECT max(at) FROM events WHERE run = key AND type = 6) WHERE key IN (SELECT run FROM events WHERE type = 6);
      UPDATE runs SET cancellation_requested = 1 WHERE key IN (SELECT run FROM events WHERE type = 8);
      UPDATE runs SET recovery_attempts = 0 WHERE recovery_attempts > 0 AND EXISTS (
        SELECT 1 FROM events WHERE run = key AND type = 4 AND rest ->> '$.reason' = 'waiting'
          AND sequence > (SELECT max(sequence) FROM events AS losses WHERE losses.run = key AND losses.type = 6));
    `,
  },
  {
    since: "0.1.0",
    sql: `
      ALTER TABLE runs ADD COLUMN schedule TEXT;
      ALTER TABLE runs ADD COLUMN schedule_kind TEXT;
      ALTER TABLE runs ADD COLUMN scheduled_time INTEGER;
      CREATE INDEX runs_by_schedule ON runs (schedule, status, created_at) WHERE schedule IS NOT NULL;
      CREATE INDEX runs_live_of_schedule ON runs (schedule, created_at) WHERE schedule IS NOT NULL AND completed_at IS NULL;

      CREATE TABLE schedules (
        key INTEGER PRIMARY KEY,
        schedule_id TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        -- All of it but the input, as JSON.
        definition TEXT NOT NULL,
        input ANY NOT NULL,
        declared TEXT,
        state TEXT NOT NULL,
        workflow TEXT NOT NULL AS (definition ->> '$.settings.workflowName'),
        status TEXT NOT NULL AS (state ->> '$.status'),
        wake_at INTEGER AS (state ->> '$.wakeAt')
      ) STRICT;
      CREATE INDEX schedules_due ON schedules (wake_at) WHERE status = 'active' AND wake_at IS NOT NULL;
      CREATE INDEX schedules_newest ON schedules (created_at);
      CREATE INDEX schedules_by_status ON schedules (status, created_at);
      CREATE INDEX schedules_by_workflow ON schedules (workflow, created_at);

      -- Buffered ticks start in the order of their keys.
      CREATE TABLE ticks (
        key INTEGER PRIMARY KEY,
        schedule INTEGER NOT NULL,
        kind TEXT NOT NULL,
        due INTEGER NOT NULL,
        decided_at INTEGER NOT NULL,
        decision TEXT NOT NULL,
        reason TEXT NOT NULL,
        run_id TEXT,
        UNIQUE (schedule, kind, due)
      ) STRICT;
      CREATE INDEX ticks_by_decision ON ticks (schedule, decision, kind, due);
      CREATE INDEX ticks_buffered ON ticks (schedule) WHERE decision = 'buffered';
    `,
  },
  {
    since: "0.1.0",
    sql: `
      -- With what pruning asks for: it looks at no row that it leaves alone.
      CREATE INDEX runs_ended ON runs (status, completed_at, workflow, parent, closing, continued_from) WHERE completed_at IS NOT NULL AND closing IS NULL;
      CREATE INDEX ticks_prunable ON ticks (decided_at) WHERE decision <> 'buffered' AND (kind <> 'backfill' OR run_id IS NULL);

      -- The newest run that somebody started, however many children are newer.
      CREATE INDEX runs_newest_top ON runs (created_at) WHERE parent IS NULL;

      -- What was deleted: how many, all of them from before that time.
      CREATE TABLE pruned (what TEXT PRIMARY KEY, count INTEGER NOT NULL, before INTEGER NOT NULL) STRICT;
    `,
  },
  {
    since: "0.1.0",
    sql: `
      -- The first run of its chain: what lies between that and the last may be pruned.
      ALTER TABLE runs ADD COLUMN chain TEXT;
      WITH RECURSIVE links (run_id, continued_to, chain) AS (
        SELECT run_id, continued_to, continued_from FROM runs
        WHERE continued_from IS NOT NULL AND NOT EXISTS (SELECT 1 FROM runs AS before WHERE before.run_id = runs.continued_from AND before.continued_from IS NOT NULL)
        UNION ALL SELECT runs.run_id, runs.continued_to, links.chain FROM links CROSS JOIN runs ON runs.run_id = links.continued_to)
      UPDATE runs SET chain = links.chain FROM links WHERE runs.run_id = links.run_id;
      CREATE INDEX runs_chain ON runs (chain, created_at) WHERE chain IS NOT NULL;
      DROP INDEX runs_ended;
      CREATE INDEX runs_ended ON runs (status, completed_at, workflow, parent, closing, chain) WHERE completed_at IS NOT NULL AND closing IS NULL;
    `,
  },
];
