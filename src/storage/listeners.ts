import { AsyncResource } from "node:async_hooks";
import { soon } from "../base/clock.js";

/** Who wants to know that there is something to do. Calls that come together reach each listener once. */
export class Listeners {
  readonly #listeners = new Set<() => void>();
  #called = false;

  get size(): number {
    return this.#listeners.size;
  }

  /** Enters a listener; returns the way out. */
  add(listener: () => void): () => void {
    // Bound, because a commit is made in the context of a run, and the listener must not inherit it.
    const bound = AsyncResource.bind(() => listener());
    this.#listeners.add(bound);
    return () => void this.#listeners.delete(bound);
  }

  call(): void {
    if (this.#called || this.#listeners.size === 0) return;
    this.#called = true;
    soon(() => {
      this.#called = false;
      for (const listener of this.#listeners) listener();
    });
  }
}
