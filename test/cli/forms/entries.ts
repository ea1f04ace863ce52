import type { Ids } from "../../support/forms.js";

/** What a command is called with, to see each of its forms; `{n}` in an argument is a number that no other call has. */
export interface Entry {
  readonly args: (ids: Ids) => readonly string[];
  /** One way to get it wrong, with the code of the error and the exit code. */
  readonly wrong: { readonly args: (ids: Ids) => readonly string[]; readonly code: string; readonly exit: number };
  /** A list: also seen as jsonl, and without anything in it. */
  readonly list?: true;
}

/** Commands that print no document, or start what goes on: seen by these tests. */
export const seenElsewhere: Readonly<Record<string, string>> = {
  "autocomplete:words": "test/cli/completion.test.ts",
  demo: "test/cli/demo.test.ts",
  help: "test/cli/frame.test.ts",
  "scheduler:run": "test/cli/scheduler.test.ts",
  "worker:run": "test/process/stopping.test.ts",
};

const unknownRun = { args: () => ["run_x"], code: "RUN_NOT_FOUND", exit: 4 };
const unknownSchedule = { args: () => ["nothing"], code: "SCHEDULE_NOT_FOUND", exit: 4 };
const noStore = { args: () => ["--storage-path", "package.json"], code: "STORAGE", exit: 1 };
const wrongFlag = { args: () => ["--nonsense"], code: "USAGE", exit: 2 };

/** Of each command in the manifest, but for {@link seenElsewhere}. */
export const entries: Readonly<Record<string, Entry>> = {
  autocomplete: { args: () => ["fish"], wrong: { args: () => ["tcsh"], code: "USAGE", exit: 2 } },
  "config:schema": { args: () => [], wrong: wrongFlag },
  "config:show": { args: () => [], wrong: { args: () => ["--config", "nowhere.yaml"], code: "CONFIG", exit: 1 } },
  doctor: { args: () => ["--quick"], wrong: wrongFlag },
  quickstart: { args: () => ["--non-interactive", "--dir", "new-{n}"], wrong: { args: () => [], code: "USAGE", exit: 2 } },
  setup: { args: () => ["--non-interactive", "--dry-run"], wrong: { args: () => [], code: "USAGE", exit: 2 } },
  version: { args: () => [], wrong: wrongFlag },
  "hooks:info": { args: ({ token }) => [token], wrong: { args: ({ token }) => [`${token}1`], code: "HOOK_NOT_FOUND", exit: 4 } },
  "hooks:list": { args: () => [], wrong: { args: () => ["--status", "open"], code: "USAGE", exit: 2 }, list: true },
  "hooks:resume": { args: ({ token }) => [token, "--payload", '{"approved": true}'], wrong: { args: ({ token }) => [token, "--payload", '{"approved": 1}'], code: "INVALID_PAYLOAD", exit: 2 } },
  "hooks:run": { args: ({ asking }) => [asking], wrong: unknownRun },
  "runs:cancel": { args: ({ suspended }) => [suspended], wrong: { args: ({ completed }) => [completed], code: "RUN_ENDED", exit: 5 } },
  "runs:chain": { args: ({ completed }) => [completed], wrong: unknownRun },
  "runs:children": { args: ({ parent }) => [parent], wrong: unknownRun },
  "runs:export": { args: ({ completed }) => [completed], wrong: unknownRun },
  "runs:import": { args: () => ["bundle.json", "--storage-path", "new-{n}.db"], wrong: { args: () => ["package.json"], code: "INVALID_BUNDLE", exit: 2 } },
  "runs:list": { args: () => [], wrong: { args: () => ["--status", "filed"], code: "USAGE", exit: 2 }, list: true },
  "runs:logs": { args: ({ completed }) => [completed], wrong: unknownRun },
  "runs:prune": { args: () => ["--older-than", "30d", "--yes"], wrong: { args: () => ["--older-than", "30d"], code: "USAGE", exit: 2 } },
  "runs:replay": { args: ({ asking }) => [asking], wrong: { args: ({ parked }) => [parked], code: "NON_DETERMINISTIC", exit: 7 } },
  "runs:rerun": { args: ({ completed }) => [completed, "--dry-run"], wrong: { args: ({ completed }) => [completed, "--from-step", "charge"], code: "OPERATION_NOT_FOUND", exit: 4 } },
  "runs:result": { args: ({ completed }) => [completed], wrong: { args: ({ failed }) => [failed], code: "RUN_FAILED", exit: 3 } },
  "runs:retry": { args: ({ failed }) => [failed], wrong: { args: ({ completed }) => [completed], code: "RETRY_REFUSED", exit: 5 } },
  "runs:status": { args: ({ completed }) => [completed], wrong: unknownRun },
  "runs:timeline": { args: ({ completed }) => [completed, "--utc"], wrong: unknownRun },
  "runs:wait": { args: ({ completed }) => [completed], wrong: { args: ({ suspended }) => [suspended, "--timeout", "10ms"], code: "WAIT_TIMEOUT", exit: 6 } },
  "runs:why": { args: ({ suspended }) => [suspended], wrong: unknownRun },
  "scheduler:tick": { args: () => [], wrong: wrongFlag, list: true },
  "schedules:backfill": { args: () => ["nightly", "--start", "2199-01-01", "--end", "2199-01-02"], wrong: { args: () => ["nightly", "--start", "2199-01-02", "--end", "2199-01-01"], code: "INVALID_SCHEDULE", exit: 2 } },
  "schedules:create": { args: () => ["process_order", "--at", "2199-01-01T03:00:00Z", "--schedule-id", "once"], wrong: { args: () => ["send_mail", "--at", "2199-01-01", "--schedule-id", "nightly", "--arg", "to=a"], code: "SCHEDULE_EXISTS", exit: 5 } },
  "schedules:delete": { args: () => ["nightly", "--yes"], wrong: { args: () => ["nightly"], code: "USAGE", exit: 2 } },
  "schedules:list": { args: () => [], wrong: { args: () => ["--cursor", "nothing"], code: "SCHEDULE_NOT_FOUND", exit: 4 }, list: true },
  "schedules:next": { args: () => ["nightly"], wrong: { args: () => ["--cron", "* *"], code: "INVALID_SCHEDULE", exit: 2 } },
  "schedules:pause": { args: () => ["nightly"], wrong: unknownSchedule },
  "schedules:resume": { args: () => ["resting"], wrong: { args: () => ["nightly"], code: "SCHEDULE_STATUS", exit: 5 } },
  "schedules:show": { args: () => ["nightly"], wrong: unknownSchedule },
  "schedules:ticks": { args: () => ["nightly"], wrong: unknownSchedule },
  "schedules:trigger": { args: () => ["nightly", "--overlap", "allow_all"], wrong: { args: () => ["nightly"], code: "TICK_SKIPPED", exit: 5 } },
  "schedules:update": { args: () => ["nightly", "--description", "at night"], wrong: { args: () => ["nightly"], code: "USAGE", exit: 2 } },
  "storage:backup": { args: () => ["new-{n}.db"], wrong: { args: () => ["package.json"], code: "FILE_EXISTS", exit: 5 } },
  "storage:check": { args: () => [], wrong: noStore },
  "storage:info": { args: () => [], wrong: wrongFlag },
  "storage:migrate": { args: () => [], wrong: noStore },
  "storage:restore": { args: () => ["filled.db", "--storage-path", "new-{n}.db", "--yes"], wrong: { args: () => ["package.json", "--storage-path", "new.db", "--yes"], code: "STORAGE", exit: 1 } },
  "worker:list": { args: () => [], wrong: wrongFlag, list: true },
  "worker:queues": { args: () => [], wrong: wrongFlag, list: true },
  "worker:stop": { args: () => [], wrong: { args: () => ["worker_zzz"], code: "WORKER_NOT_FOUND", exit: 4 }, list: true },
  "workflows:info": { args: () => ["send_mail"], wrong: { args: () => ["send_mial"], code: "WORKFLOW_NOT_FOUND", exit: 4 } },
  "workflows:list": { args: () => [], wrong: { args: () => ["--module", "./nowhere"], code: "MODULE", exit: 1 } },
  "workflows:run": { args: () => ["send_mail", "--arg", "to=a@b.example"], wrong: { args: () => ["send_mail", "--arg", "too=a"], code: "USAGE", exit: 2 } },
};
