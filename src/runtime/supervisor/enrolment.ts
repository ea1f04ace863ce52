import { isStoreGone } from "../../core/errors.js";
import type { WorkerId } from "../../core/ids.js";
import type { WorkerRecord } from "../../storage/backend.js";
import type { HeldLock } from "../process-lock.js";
import { beatEveryMs, timerHeartbeat, type Heartbeat } from "../worker/heartbeat.js";
import type { Loaded } from "./child.js";
import type { SupervisorParts } from "./parts.js";

/** A supervisor's own entry among the workers of the store: it holds no runs, but is seen, asked to stop, and watched by others. */
export class Enrolment {
  readonly #parts: SupervisorParts;
  #workerId: WorkerId;
  #lock: HeldLock | undefined;
  #heartbeat: Heartbeat | undefined;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#workerId = parts.newWorkerId();
  }

  get workerId(): WorkerId {
    return this.#workerId;
  }

  async enter({ workflows, version }: Pick<Loaded, "workflows" | "version">): Promise<void> {
    const { backend, clock, locks, settings, begin } = this.#parts;
    const workerId = this.#workerId;
    this.#lock = locks.hold(workerId);
    const { hostname, concurrency } = begin;
    const worker = { workerId, role: "supervisor", hostname, pid: settings.pid, version, concurrency, workflows } as const;
    await backend.registerWorker({ ...worker, startedAt: clock.now() });
    const beat = (now: number) => backend.beat(workerId, now);
    this.#heartbeat = timerHeartbeat({ beat, clock, everyMs: beatEveryMs(settings.leaseMs) })({
      onAlive: () => undefined,
      onDead: () => void this.#enterAnew({ workflows, version }),
    });
  }

  isToldToStop(workers: readonly WorkerRecord[]): boolean {
    return workers.some(({ workerId, stopRequested }) => workerId === this.#workerId && stopRequested);
  }

  async drains(): Promise<void> {
    await this.#parts.backend.updateWorker(this.#workerId, { status: "draining" }).catch((error: unknown) => this.#warn(error));
  }

  async leave(): Promise<void> {
    const { backend, clock } = this.#parts;
    await this.#heartbeat?.stop();
    await backend.loseWorker({ workerId: this.#workerId, now: clock.now(), error: "stopped", charge: "none" }).catch((error: unknown) => this.#warn(error));
    this.#lock?.release();
  }

  // Stopped for a while (SIGSTOP), it was taken for dead. Its processes went on; so does it, under a new id.
  async #enterAnew(loaded: Pick<Loaded, "workflows" | "version">): Promise<void> {
    this.#lock?.release();
    this.#workerId = this.#parts.newWorkerId();
    await this.enter(loaded).catch((error: unknown) => this.#warn(error));
  }

  #warn(error: unknown): void {
    if (isStoreGone(error)) return; // the supervisor ends of it
    this.#parts.onNote({ level: "warn", message: "the store was not told of this supervisor", fields: { error } });
  }
}
