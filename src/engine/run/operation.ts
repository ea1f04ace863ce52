import type { Encoded } from "../../base/codec.js";
import type { Deferred } from "../../base/deferred.js";
import type { JsonSchema } from "../../base/json.js";
import type { ParentClose } from "../../core/events/child.js";
import type { OperationId, RunId } from "../../core/ids.js";
import type { StepDefinition, WorkflowDefinition } from "../definition.js";

/** What a durable call asks for. */
export type Request = StepRequest | SleepRequest | HookRequest | ChildRequest;

/** A call of a step. */
export interface StepRequest {
  readonly kind: "step";
  readonly name: string;
  readonly args: readonly unknown[];
  readonly definition: StepDefinition;
  /** It starts only when all that was asked for before it is durable: who is told of a hook must be able to resume it. */
  readonly afterOthers?: true;
}

/** A call of `sleep()`. */
export type SleepRequest = SleepLength & {
  readonly kind: "sleep";
  readonly name?: never;
  readonly args: readonly unknown[];
};

/** How long, or until when, in milliseconds since the epoch. */
export type SleepLength = { readonly durationMs: number; readonly until?: never } | { readonly durationMs?: never; readonly until: number };

/** A wait for a payload. */
export interface HookRequest {
  readonly kind: "hook";
  readonly name: string;
  /** None: a deploy may change timeout and schema, and what was recorded goes on. */
  readonly args: readonly [];
  readonly timeoutMs?: number;
  readonly schema?: JsonSchema;
}

/** A call of `runChild()` or `startChild()`. */
export interface ChildRequest {
  readonly kind: "child";
  readonly name: string;
  readonly args: readonly [input: unknown];
  readonly definition: WorkflowDefinition;
  readonly parentClose: ParentClose;
  /** Whether the call settles with the child's end, or with its start: then it gives a {@link StartedChild}. */
  readonly waits: boolean;
}

/** What the start of a child that is not waited for gives. */
export interface StartedChild {
  readonly runId: RunId;
  readonly operationId: OperationId;
}

/** A durable call that was made: from asking to its outcome. */
export interface Operation {
  readonly id: OperationId;
  readonly request: Request;
  readonly args: Encoded;
  readonly shielded: boolean;
  /** The last sequence that was delivered when it was asked for. */
  readonly after: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** The body has seen its outcome, or the cancellation that stands for it. */
  settled: boolean;
  /** It was carried out, or taken up again where the log has its start. */
  acted: boolean;
  /** Its outcome was emitted: what comes later is dropped (I3). */
  outcomeEmitted: boolean;
  attempt: number;
  failures: number;
  /** When its timer fires, its next attempt begins, or its hook expires. */
  dueAt: number | undefined;
  /** Of a child that was started in this process. */
  childRunId: RunId | undefined;
  /** Of a child that the body has a handle of: who waits for its end. */
  beside: Beside | undefined;
}

/** A child that was started and is not waited for by its call. */
export interface Beside {
  /** Settles with the child; pre-handled. */
  readonly end: Deferred<unknown>;
  readonly waiters: Set<Waiter>;
}

/** A call of a handle's `result()`. */
export interface Waiter {
  readonly shielded: boolean;
  readonly answer: Deferred<unknown>;
}
