import { didYouMean } from "../../base/nearest.js";
import { textOf, type Issue } from "./issue.js";
import { PyworkflowError } from "./pyworkflow-error.js";
import { shown } from "./shown.js";

/** Nobody resumed the hook in time. Thrown by the wait, and by who resumes it too late. */
export class HookExpiredError extends PyworkflowError {
  static override readonly code = "HOOK_EXPIRED";
  readonly token: string;
  constructor(token: string) {
    super(`the hook ${token} has expired`, "give the wait a longer timeout, or catch the error and ask again");
    this.token = token;
  }
}

/** The hook was resumed before: the first payload counts. */
export class HookAlreadyReceivedError extends PyworkflowError {
  static override readonly code = "HOOK_ALREADY_RECEIVED";
  readonly token: string;
  constructor(token: string) {
    super(`the hook ${token} has already received its payload`, `nothing was changed; pyworkflow hooks info ${token} shows what it received`);
    this.token = token;
  }
}

/** The hook's run no longer waits for it: it was cancelled, or it ended. */
export class HookDisposedError extends PyworkflowError {
  static override readonly code = "HOOK_DISPOSED";
  readonly token: string;
  constructor(token: string) {
    super(`nobody waits for the hook ${token} any more`, "its run was cancelled or has ended; pyworkflow hooks list shows the hooks that are pending");
    this.token = token;
  }
}

/** The store has no such hook. */
export class HookNotFoundError extends PyworkflowError {
  static override readonly code = "HOOK_NOT_FOUND";
  readonly token: string;
  /** `meant`: the nearest token that there is. */
  constructor(token: string, { meant }: { readonly meant?: string | undefined } = {}) {
    super(`there is no hook ${shown(token)} in this store`, didYouMean(meant, "pyworkflow hooks list shows the hooks that are pending; --storage-path names another store"));
    this.token = token;
  }
}

/** A text that is no token. */
export class InvalidTokenError extends PyworkflowError {
  static override readonly code = "INVALID_TOKEN";
  readonly token: string;
  constructor(token: string) {
    super(`${shown(JSON.stringify(token))} is no hook token`, "a token is a run id, a colon and the hook's id, such as run_01jz…:hook_approval_1");
    this.token = token;
  }
}

/** The payload does not fit the hook's schema. Nothing was recorded: the hook still waits. */
export class InvalidPayloadError extends PyworkflowError {
  static override readonly code = "INVALID_PAYLOAD";
  readonly token: string;
  readonly issues: readonly Issue[];
  constructor(token: string, issues: readonly Issue[]) {
    super(`the payload for ${token} is not valid: ${textOf(issues)}`, `the hook still waits; pyworkflow hooks info ${token} shows what it takes`);
    this.token = token;
    this.issues = issues;
  }
}
