import type { Encoded } from "../../base/codec.js";
import type { OperationId } from "../../core/ids.js";
import type { StepDefinition } from "../definition.js";

/** What a durable call asks for. */
export type Request = StepRequest | SleepRequest;

export interface StepRequest {
  readonly kind: "step";
  readonly name: string;
  readonly args: readonly unknown[];
  readonly definition: StepDefinition;
}

export interface SleepRequest {
  readonly kind: "sleep";
  readonly name?: never;
  readonly args: readonly unknown[];
  /** How long, or until when. */
  readonly durationMs?: number;
  readonly until?: number;
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
  /** When its timer fires, or its next attempt begins. */
  dueAt: number | undefined;
}
