import type { Clock, Timer } from "../../base/clock.js";

/** Tells the store again and again that this process lives. */
export interface Heartbeat {
  /** Milliseconds since the beginning of the last beat that the store answered with "alive", on both clocks. */
  age(): { readonly monotonicMs: number; readonly wallMs: number };
  /** One more beat, now. */
  beatNow(): void;
  stop(): Promise<void>;
}

export interface HeartbeatListener {
  onAlive(): void;
  /** This worker has been declared dead: it holds nothing any more. */
  onDead(): void;
}

/** Begins to beat. The moment of the call counts as a beat: the worker has just been registered. */
export type StartHeartbeat = (listener: HeartbeatListener) => Heartbeat;

/** How often to beat: a beat or two may fail or come late within one lease. */
export function beatEveryMs(leaseMs: number): number {
  return leaseMs / 5;
}

export interface TimerHeartbeatParts {
  /** False where the worker has been declared dead. */
  readonly beat: (now: number) => Promise<boolean>;
  readonly clock: Clock;
  readonly everyMs: number;
}

/**
 * Beats on the event loop of its caller: for processes that run nobody's steps, for threads, and for stores that live in
 * memory. A beat that fails is tried again at the next time.
 */
export function timerHeartbeat({ beat, clock, everyMs }: TimerHeartbeatParts): StartHeartbeat {
  return (listener) => {
    let last = { monotonic: clock.monotonic(), wall: clock.now() };
    let timer: Timer | undefined;
    let beating: Promise<void> | undefined;
    let stopped = false;

    const once = async () => {
      const begun = { monotonic: clock.monotonic(), wall: clock.now() };
      const alive = await beat(begun.wall).catch(() => undefined);
      beating = undefined;
      if (stopped) return;
      if (alive === false) return listener.onDead();
      if (alive) {
        last = begun;
        listener.onAlive();
      }
      schedule();
    };
    const beatNow = () => {
      if (stopped) return;
      timer?.cancel();
      beating ??= once();
    };
    const schedule = () => {
      timer?.cancel();
      timer = clock.setTimer(beatNow, everyMs);
    };

    schedule();
    return {
      age: () => ({ monotonicMs: clock.monotonic() - last.monotonic, wallMs: clock.now() - last.wall }),
      beatNow,
      async stop() {
        stopped = true;
        timer?.cancel();
        await beating;
      },
    };
  };
}
