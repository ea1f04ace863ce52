import type { Encoded } from "../../base/codec.js";
import type { JsonSchema } from "../../base/json.js";
import type { OperationId } from "../ids.js";

/** The body waits for a payload from outside, until `expiresAt` at the longest. `after` is the last sequence delivered when it began to. */
export interface HookCreated {
  readonly type: "hook.created";
  readonly at: number;
  readonly operationId: OperationId;
  readonly name: string;
  readonly after: number;
  readonly expiresAt?: number;
  /** What a payload must look like, where that can be told. */
  readonly schema?: JsonSchema;
}

/** Somebody gave the payload. Appended from outside, once. */
export interface HookReceived {
  readonly type: "hook.received";
  readonly at: number;
  readonly operationId: OperationId;
  readonly value: Encoded;
}

/** Nobody did, in time. */
export interface HookExpired {
  readonly type: "hook.expired";
  readonly at: number;
  readonly operationId: OperationId;
}

/** Nobody waits any more: the run was cancelled, or ended without waiting for it. */
export interface HookDisposed {
  readonly type: "hook.disposed";
  readonly at: number;
  readonly operationId: OperationId;
  readonly reason: "cancelled" | "run_ended";
}

export type HookEvent = HookCreated | HookReceived | HookExpired | HookDisposed;
