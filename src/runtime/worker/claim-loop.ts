import type { Clock, Timer } from "../../base/clock.js";
import { defaults } from "../../core/defaults.js";
import type { Backend, ClaimRequest, ClaimResult } from "../../storage/backend.js";
import type { Ask } from "./company.js";

export type Claimed = Extract<ClaimResult, { worker: "alive" }>;

export interface ClaimLoopParts {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly request: Pick<ClaimRequest, "workerId" | "workflows" | "version" | "runId">;
  /** The claims of one look; see `asksFor`. */
  asks(): Promise<readonly Ask[]> | readonly Ask[];
  onClaimed(claimed: Claimed): void;
  /** This worker has been declared dead. */
  onDead(): void;
  /** A look failed; the next one follows after a pause. */
  onTrouble(error: unknown): void;
}

export interface ClaimLoop {
  /** Looks soon: at once, or right after the look that is under way. */
  look(): void;
  /** Resolves when no look is under way. */
  quiet(): Promise<void>;
  close(): Promise<void>;
}

// The net under the wake notifications: nothing waits longer than this for a lost one.
const pollMs = 2000;
const pauseAfterTroubleMs = 1000;

/** Asks the store for due runs when somebody rings, when the next one is due, and every now and then; one look at a time. */
export function startClaimLoop(parts: ClaimLoopParts): ClaimLoop {
  const { backend, clock } = parts;
  let looking: Promise<void> | undefined;
  let again = false;
  let closed = false;
  let timer: Timer | undefined;

  const look = () => {
    if (closed) return;
    again = true;
    looking ??= lookWhileAsked();
  };
  const lookWhileAsked = async () => {
    while (again) {
      again = false;
      const delayMs = await lookOnce(parts);
      timer?.cancel();
      if (!closed) timer = clock.setTimer(look, delayMs);
    }
    looking = undefined;
  };
  const stopListening = backend.onWake(look);
  look();

  return {
    look,
    quiet: async () => looking,
    async close() {
      closed = true;
      again = false;
      stopListening();
      await looking;
      timer?.cancel();
    },
  };
}

/** One look; the milliseconds until the next one is due. */
async function lookOnce(parts: ClaimLoopParts): Promise<number> {
  try {
    let nextDueAt = Infinity;
    for (const ask of await parts.asks()) {
      const now = parts.clock.now();
      const result = await parts.backend.claim({ ...parts.request, ...ask, now });
      if (result.worker === "dead") {
        parts.onDead();
        return pollMs;
      }
      nextDueAt = Math.min(nextDueAt, result.nextDueAt ?? Infinity);
      parts.onClaimed(result);
      if (result.closing) await closeChildren(parts);
      if (result.claimed.length > 0) break;
    }
    return Math.min(pollMs, Math.max(0, nextDueAt - parts.clock.now()));
  } catch (error) {
    parts.onTrouble(error);
    return pauseAfterTroubleMs;
  }
}

// A few at a time: a parent may leave a thousand children, and others write too.
async function closeChildren({ backend, clock }: ClaimLoopParts): Promise<void> {
  while ((await backend.closeChildren(defaults.engine.childrenClosedMax, clock.now())) > 0);
}
