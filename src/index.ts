export { openEngine } from "./main/open-engine.js";
export type { Engine, EngineOptions, StartOptions } from "./main/engine.js";
export type { CancelOptions } from "./services/cancel-run.js";
export type { ResumedHook } from "./services/resume-hook.js";
export type { RunHandle } from "./services/run-handle.js";
export type { BackfillRange, BackfillResult, NewScheduleOptions, Schedule, ScheduledTime, ScheduleListFilter, Schedules, ScheduleTick, ScheduleTickFilter, ScheduleUpdate } from "./services/schedules.js";
export type { ScheduleChange } from "./services/change-schedule.js";
export { workflow, step } from "./engine/define.js";
export type { StepOptions, WorkflowDefinition, WorkflowOptions, WorkflowSchedule } from "./engine/definition.js";
export { scheduledWorkflow } from "./engine/scheduled-workflow.js";
export type { ScheduledWorkflowOptions } from "./engine/scheduled-workflow.js";
export { stepContext } from "./engine/context/step.js";
export type { StepContext } from "./engine/context/current.js";
export { runContext, shield } from "./engine/context/run.js";
export type { RunContext } from "./engine/context/run.js";
export type { Log } from "./engine/context/log.js";
export { sleep } from "./engine/context/sleep.js";
export { defineHook, hook } from "./engine/context/hook.js";
export type { Hook, HookOptions } from "./engine/context/hook.js";
export { runChild, startChild } from "./engine/context/child.js";
export type { ChildHandle, StartChildOptions } from "./engine/context/child.js";
export { continueAsNew } from "./engine/context/continue-as-new.js";
export { patched } from "./engine/context/patched.js";
export { now, random, uuid } from "./engine/context/chance.js";
export type { ExecutorNote } from "./engine/executor.js";
export type { Duration } from "./base/duration.js";
export type { OnProgress } from "./base/on-progress.js";
export type { ParentClose } from "./core/events/child.js";
export type { OperationId, RunId, ScheduleId, WorkerId } from "./core/ids.js";
export type { LogLevel } from "./core/log-options.js";
export type { RunStatus } from "./core/run.js";
export type { RetryDelay } from "./core/retry.js";
export type { ScheduleOptions, ScheduleTimes } from "./core/schedule/options.js";
export type { CalendarEntry, Catchup, OverlapPolicy, ScheduleStatus, TickDecision } from "./core/schedule/schedule.js";
export type { TickKind } from "./core/schedule/tick-kind.js";
export {
  CancellationError,
  ChildWorkflowCancelledError,
  ChildWorkflowFailedError,
  ConfigError,
  DurableRunRequiredError,
  EventLimitExceededError,
  FatalError,
  HookAlreadyReceivedError,
  HookDisposedError,
  HookExpiredError,
  HookNotFoundError,
  InvalidDefinitionError,
  InvalidInputError,
  InvalidPayloadError,
  InvalidScheduleError,
  InvalidTokenError,
  MaxNestingDepthError,
  ModuleError,
  NameTakenError,
  NonDeterministicWorkflowError,
  NonDurableAwaitError,
  NotInWorkflowError,
  NotStorableValueError,
  PayloadTooLargeError,
  PyworkflowError,
  RecoveryDisabledError,
  RecoveryExhaustedError,
  RetryableError,
  RunCancelledError,
  RunFailedError,
  RunNotFoundError,
  ScheduleExistsError,
  ScheduleNotFoundError,
  ScheduleStatusError,
  StepHeartbeatTimeoutError,
  StepTimeoutError,
  StorageError,
  WaitTimeoutError,
  WorkflowNotFoundError,
  WorkflowTimeoutError,
} from "./core/errors.js";
export type { Advice, Issue, RetryableErrorOptions, StorageFailure } from "./core/errors.js";
