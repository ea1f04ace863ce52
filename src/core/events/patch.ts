import type { OperationId } from "../ids.js";

/** A call of `patched()` that said true. Calls that say false leave no trace. */
export interface PatchRecorded {
  readonly type: "patch.recorded";
  readonly at: number;
  readonly operationId: OperationId;
  readonly after: number;
}
