/** A broken promise of our own code: never caused by a user, so it keeps its stack and has no next step. */
export class BugError extends Error {
  override readonly name = "BugError";
}

/** The end of an exhaustive switch: a new member of the union stops the build here. */
export function unreachable(value: never): never {
  throw new BugError(`this value should not exist: ${JSON.stringify(value)}`);
}

/** Stops at once when a numbered invariant (docs/architecture.md) does not hold. */
export function assert(holds: boolean, invariant: string, message: string): asserts holds {
  if (!holds) throw new BugError(`${invariant} broken: ${message}`);
}
