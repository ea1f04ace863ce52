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
];
