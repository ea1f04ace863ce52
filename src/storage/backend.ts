import type { ImportedRun } from "../core/bundle/bundle.js";
import type { Company, Refusal } from "../core/claim.js";
import type { RecordedEvent, WorkflowEvent } from "../core/events/event.js";
import type { OperationId, RunId, ScheduleId, WorkerId } from "../core/ids.js";
import type { LinkedAppend } from "../core/family.js";
import type { HookRecord, HookStatus } from "../core/hooks.js";
import type { LossOutcome } from "../core/recovery.js";
import type { LiveStatus, NewRun, RunRecord, RunStatus } from "../core/run.js";
import type { ScheduleDecision } from "../core/schedule/decide.js";
import type { LoadedSchedule, NewSchedule, OverlapPolicy, ScheduleDefinition, ScheduleRecord, ScheduleState, ScheduleStatus, Tick, TickDecision } from "../core/schedule/schedule.js";
import type { TickKind } from "../core/schedule/tick-kind.js";
import type { Upkeep } from "./upkeep.js";

/**
 * What a store promises to the engine. `docs/storage-contract.md` explains each promise and one suite
 * (`test/storage/contract/`) holds every backend to it. All times are milliseconds since the epoch.
 */
export interface Backend extends Upkeep {
  /**
   * Appends to runs. Each member is all or nothing and independent of the others; the backend assigns the sequences and
   * folds the events into the run's row (`foldRun`), in the same transaction. When the promise resolves, what was accepted is
   * durable (I7). Whatever ends a run, here and in `loseWorker` and `closeChildren`, also tells its parent (`noteToParent`), disposes of its
   * pending hooks and marks it as closing where it has children to close, in that transaction. A manual retry of a run that failed undoes
   * what its end did to its hooks (`foldHooks`), and leaves children behind, closed and orphaned (`isLeftByRetry`). The end of a run of a schedule,
   * and its manual retry, change that schedule (`afterEnd`, `afterRetry`) and raise its version. It rejects with a StorageError: `rolled_back`, nothing of the batch was written; `unknown`, read again.
   */
  commit(batch: readonly RunCommit[]): Promise<readonly CommitResult[]>;

  /**
   * Inserts a pending run; where its workflow has a run with that idempotency key already, names that one instead (I9). `history` is
   * what the run begins with: the part of another run's events that it reuses.
   */
  createRun(run: NewRun, history?: readonly WorkflowEvent[]): Promise<CreateResult>;

  /**
   * Enters runs as another store had them, all or none: each row is the fold of its events, and nothing follows from an end that is among them, but
   * that live children are closed. Refused where one of the ids is taken, or an idempotency key (I9); the first such run is named.
   */
  importRuns(runs: readonly ImportedRun[]): Promise<ImportResult>;

  /**
   * Gives due runs to a worker, oldest due time first: epoch raised, `workflow.started` or `workflow.resumed` appended, lease
   * taken, all in one transaction. The same call reads the inboxes of the runs that the worker holds.
   */
  claim(request: ClaimRequest): Promise<ClaimResult>;

  /** How many runs a claim would find due, counted up to `request.limit`: for who starts processes, or waits for the end of the work. */
  countDue(request: DueRequest): Promise<number>;

  /** Events of a run with a sequence above `after`, ascending. Empty for an unknown run. */
  readHistory(runId: RunId, after: number): Promise<readonly RecordedEvent[]>;

  getRun(runId: RunId): Promise<RunRecord | undefined>;

  /**
   * The run of a chain that went on in no other, found without a look at those before it, of which some may be pruned. `chain` is the id of its first
   * (`chainOf`). Undefined where the end of the chain is not in the store.
   */
  lastOfChain(chain: RunId): Promise<RunRecord | undefined>;

  getHook(runId: RunId, hookId: OperationId): Promise<HookRecord | undefined>;

  /** Newest first. */
  listHooks(filter: HookFilter): Promise<readonly HookRecord[]>;

  /**
   * Closes up to `limit` children of runs that have ended and are closing: `closingEvents` are appended to each, and it is marked as orphaned.
   * Returns how many; 0 when no run is closing any more. Can be called by anybody, at any time, by several at once.
   */
  closeChildren(limit: number, now: number): Promise<number>;

  /** At most `limit` ids that begin with `prefix`, newest first. An empty prefix gives the newest runs. */
  findRunIds(prefix: string, limit: number): Promise<readonly RunId[]>;

  /** Newest first; the last run of a page is the cursor (`before`) of the next, also where it was pruned meanwhile. */
  listRuns(filter: RunFilter): Promise<readonly RunRecord[]>;

  /** How many runs there are of each status; a status without runs may be missing. */
  countRuns(): Promise<Readonly<Partial<Record<RunStatus, number>>>>;

  /** How many runs of each workflow have not ended, those of one status apart; in any order. Reads no run that has ended. */
  countLive(now: number): Promise<readonly LiveCount[]>;

  /** Enters a schedule, with version 1. False where the id is taken. */
  createSchedule(schedule: NewSchedule & ScheduleState): Promise<boolean>;

  getSchedule(scheduleId: ScheduleId): Promise<ScheduleRecord | undefined>;

  /** Newest first; the last schedule of a page is the cursor (`before`) of the next. */
  listSchedules(filter: ScheduleFilter): Promise<readonly ScheduleRecord[]>;

  /** At most `limit` ids that begin with `prefix`, newest first. */
  findScheduleIds(prefix: string, limit: number): Promise<readonly ScheduleId[]>;

  /** What a decision about a schedule rests on. `policy` says how many live runs it has to know (`liveRunsNeeded`). */
  loadSchedule(scheduleId: ScheduleId, policy: OverlapPolicy): Promise<LoadedSchedule | undefined>;

  /** The schedules that a scheduler has to look at, those that wait longest first, each loaded for its own policy. */
  dueSchedules(now: number, limit: number): Promise<DueSchedules>;

  /**
   * Writes what was decided about schedules, all in one transaction; each member is all or nothing and independent of the others. Refused where
   * the schedule has changed since the version that the decision rests on, or a tick is in the ledger already (`mayReplace`): then nothing of it
   * is written (I8). In this order: the state, with the version raised; the ticks; the runs, due at once; the requests to end (`requestEvents`).
   */
  commitSchedules(batch: readonly ScheduleCommit[]): Promise<readonly ScheduleCommitResult[]>;

  /** Newest due time first; of one due time the kind that comes last in the alphabet first. */
  listTicks(filter: TickFilter): Promise<readonly Tick[]>;

  /** Enters a worker. Its id must be new. */
  registerWorker(worker: NewWorker): Promise<void>;

  /** One heartbeat: raises the worker's counter. False where the worker has been declared dead: it holds nothing any more. */
  beat(workerId: WorkerId, now: number): Promise<boolean>;

  /** Newest first; dead ones are kept for a day, then forgotten. */
  listWorkers(): Promise<readonly WorkerRecord[]>;

  /** Notes a worker's progress, for people who look; and that it drains. */
  updateWorker(workerId: WorkerId, change: WorkerChange): Promise<void>;

  /**
   * Declares a worker dead and takes away what it held, in one transaction: each run's epoch is raised and `lossEvents` are
   * appended to it, which interrupt it (due at once), or also fail or cancel it. Guarded by the worker being alive: a second call changes nothing.
   */
  loseWorker(loss: WorkerLoss): Promise<readonly LossOutcome[]>;

  /** Calls `listener` soon after somebody, in this process or another, made a run due, wrote to an inbox or gave a schedule an earlier time to look. Returns the way out. */
  onWake(listener: () => void): () => void;

  /**
   * Does what the store needs from time to time and would hold up whoever commits (SQLite: moving the write-ahead log into the
   * file). A process that opened its main connection without `checkpoints` calls it on another one, every quarter of a second.
   */
  maintain(): Promise<void>;

  /** Ends the connection. What was promised before stays; a later call rejects. */
  close(): Promise<void>;
}

/** One append to one run. */
export interface RunCommit {
  readonly runId: RunId;
  /** The epoch of the claim that the writer acts under. Absent: a foreign append (command line, supervisor), which also sets the run's inbox. */
  readonly fence?: number;
  /** The last sequence that the writer has seen. */
  readonly seen: number;
  /** Refuse when anything was appended above `seen`. Suspending, ending and parking carry it. */
  readonly expect?: true;
  /** Of a foreign append: refuse (as `expect`) when the run has changed hands since this epoch. A claim of a transient run appends nothing that `seen` could tell. */
  readonly epoch?: number;
  /** In order. Those of a transient run are folded into its row and not kept, but for its hooks, which it can't have. */
  readonly events: readonly WorkflowEvent[];
  /** Runs that begin with this commit: children, and the successor of a chain. Their ids must be new. */
  readonly create?: readonly NewRun[];
  /**
   * Appends to other runs, as foreign ones: each is passed over where its run has ended, is unknown or (a request to cancel) was asked before.
   * A request to cancel is for the run that goes on in the place of the one that is named.
   */
  readonly linked?: readonly LinkedAppend[];
}

/** What became of one member of a batch. */
export type CommitResult =
  /** Every event above `seen`, own and foreign, ascending. Empty for a transient run. */
  | { readonly accepted: true; readonly events: readonly RecordedEvent[] }
  /**
   * `fence`: the writer no longer holds the run. `ended`: a foreign append came after the run's end. `expect`: something was
   * appended meanwhile. `unknown_run`: no such run.
   */
  | { readonly accepted: false; readonly refused: Refusal | "unknown_run" }
  /** An event of the hook does not fit its status (`foldHook`). */
  | { readonly accepted: false; readonly refused: "hook"; readonly hookId: OperationId };

/** The run that was created, or that was there. */
export interface CreateResult {
  readonly runId: RunId;
  /** False where the idempotency key named an older run. */
  readonly created: boolean;
}

/** `takenBy`: the run of this store that has the id or the idempotency key of `runId`. */
export type ImportResult = { readonly imported: true } | { readonly imported: false; readonly runId: RunId; readonly takenBy: RunId };

/** The runs of one workflow that are of one status; at least one. */
export interface LiveCount {
  readonly workflowName: string;
  readonly status: LiveStatus;
  readonly runs: number;
  /** Those of them that somebody could claim now. */
  readonly due: number;
  readonly parked: number;
}

/** Who claims, and what. */
export interface ClaimRequest {
  readonly workerId: WorkerId;
  /** The only workflows to claim; runs of others stay for somebody who knows them. */
  readonly workflows: readonly string[];
  /** Version of the loaded code: runs parked under another version are due for this worker. */
  readonly version: string;
  /** `crowd`: runs that may execute beside others. `alone`: runs that may not (`mustRunAlone`). `any`: both. */
  readonly company: Company;
  /** Claim this run, its descendants, and what goes on in the place of any of them; nothing else. */
  readonly runId?: RunId;
  readonly limit: number;
  readonly now: number;
}

/** What a claim with these terms would find. */
export type DueRequest = Pick<ClaimRequest, "workflows" | "version" | "company" | "limit" | "now">;

export type ClaimResult =
  | { readonly worker: "dead" }
  | {
      readonly worker: "alive";
      readonly claimed: readonly RunRecord[];
      /**
       * Runs this worker holds that somebody wrote to since their claim, and the newest such sequence; and for a minute those that somebody ended
       * while it held them.
       */
      readonly inboxes: readonly { readonly runId: RunId; readonly sequence: number }[];
      /** The earliest future due time among the asked workflows, for the next look. */
      readonly nextDueAt?: number;
      /** Somebody asked this worker to stop (`worker stop`). */
      readonly stopRequested: boolean;
      /** Whether a run is closing: `closeChildren` has something to do. */
      readonly closing: boolean;
    };

/** Which hooks to list: those that fit all that is given, at most `limit`. */
export interface HookFilter {
  readonly runId?: RunId;
  readonly status?: HookStatus;
  readonly limit: number;
}

/** One decision about one schedule; see `ScheduleDecision`. */
export interface ScheduleCommit extends ScheduleDecision {
  readonly scheduleId: ScheduleId;
  /** Takes the place of the one before; `declared` too, where it is given. */
  readonly definition?: ScheduleDefinition & Pick<NewSchedule, "declared">;
  /** When the runs in `cancel` are asked to end. */
  readonly now: number;
}

/** `version`: the schedule has changed, or there is none of that id. `tick`: one of the ticks was decided before. */
export type ScheduleCommitResult = { readonly accepted: true } | { readonly accepted: false; readonly refused: "version" | "tick" };

export interface DueSchedules {
  readonly due: readonly LoadedSchedule[];
  /** The earliest time at which another one has to be looked at; absent where there is none, or where more are due than were asked for. */
  readonly nextWakeAt?: number;
}

/** Which schedules to list: those that fit all that is given, at most `limit`. */
export interface ScheduleFilter {
  readonly workflowName?: string;
  readonly statuses?: readonly ScheduleStatus[];
  /** Only schedules older than this one: the cursor. */
  readonly before?: ScheduleId;
  readonly limit: number;
}

/** Which ticks of a schedule to list: those that fit all that is given, at most `limit`. */
export interface TickFilter {
  readonly scheduleId: ScheduleId;
  readonly kind?: TickKind;
  readonly decision?: TickDecision;
  readonly dueFrom?: number;
  readonly dueBefore?: number;
  readonly limit: number;
}

/** Which runs to list: those that fit all that is given, at most `limit`. */
export interface RunFilter {
  readonly statuses?: readonly RunStatus[];
  readonly workflowName?: string;
  readonly workerId?: WorkerId;
  readonly parentId?: RunId;
  /** The runs that go on in the place of this first one of a chain. */
  readonly chain?: RunId;
  readonly scheduleId?: ScheduleId;
  /** Only runs without a parent. */
  readonly topLevel?: true;
  readonly tag?: string;
  /** Part of a run id, a workflow name or an idempotency key. */
  readonly query?: string;
  readonly createdFrom?: number;
  readonly createdBefore?: number;
  /** Only runs that were last interrupted since then. */
  readonly interruptedFrom?: number;
  /** And before then. Only with `interruptedFrom`. */
  readonly interruptedBefore?: number;
  /** Only runs older than this one: the cursor. */
  readonly before?: RunId;
  readonly limit: number;
}

export type WorkerRole = "supervisor" | "worker" | "embedded";
export type WorkerStatus = "online" | "draining" | "dead";

/** What a worker says of itself when it begins. */
export interface NewWorker {
  readonly workerId: WorkerId;
  readonly role: WorkerRole;
  /** The supervisor of a worker. */
  readonly parentId?: WorkerId;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  /** Runs at a time. */
  readonly concurrency: number;
  readonly workflows: readonly string[];
  /** The run that it executes, with its family, and no other: it is no worker for all else. */
  readonly onlyRun?: RunId;
  readonly startedAt: number;
}

/** A worker as a store keeps it. */
export interface WorkerRecord extends NewWorker {
  readonly status: WorkerStatus;
  /** Raised by each heartbeat; an observer watches it stand still. */
  readonly counter: number;
  /** Wall clock of the worker at its last heartbeat: for people, and for guesses about who is there. No run is taken from a worker on its account. */
  readonly heartbeatAt: number;
  readonly activeRuns: number;
  /** Runs that it brought to an end. */
  readonly processed: number;
  readonly stopRequested: boolean;
}

export interface WorkerChange {
  readonly status?: "draining";
  readonly processed?: number;
  readonly stopRequested?: true;
}

/** The end of a worker, as its observer tells it. */
export interface WorkerLoss {
  readonly workerId: WorkerId;
  readonly now: number;
  /** What is known of the end of the worker, e.g. `killed by SIGKILL`. */
  readonly error: string;
  /** Whose recovery attempts are raised: all held runs, the one that is to blame, or none (a clean stop, a crash loop). */
  readonly charge: "all" | "none" | RunId;
}
