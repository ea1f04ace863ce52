/** An attempt that waits for its turn to start. */
export interface WaitingAttempt {
  /** False once nobody wants its outcome any more. */
  isWanted(): boolean;
  run(): Promise<void>;
}

/**
 * The step bodies of one process: at most `slotsMax` at a time, started in the order in which they were asked for, and
 * none while the worker's lease is in doubt.
 */
export class StepSlots {
  readonly #slotsMax: number;
  readonly #mayStart: () => true | Promise<boolean>;
  readonly #waiting: WaitingAttempt[] = [];
  #taken = 0;
  #asking = false;

  /** `mayStart`: true, or the answer to come: true when the lease holds again, false when the worker is dead. */
  constructor(slotsMax: number, mayStart: () => true | Promise<boolean>) {
    this.#slotsMax = slotsMax;
    this.#mayStart = mayStart;
  }

  enter(attempt: WaitingAttempt): void {
    this.#waiting.push(attempt);
    this.#fill();
  }

  #fill(): void {
    while (!this.#asking && this.#taken < this.#slotsMax && this.#waiting.length > 0) {
      const allowed = this.#mayStart();
      if (allowed === true) this.#startNext();
      else void this.#askAgain(allowed);
    }
  }

  async #askAgain(answer: Promise<boolean>): Promise<void> {
    this.#asking = true;
    const alive = await answer.catch(() => false);
    this.#asking = false;
    if (!alive) this.#waiting.length = 0;
    this.#fill();
  }

  #startNext(): void {
    const attempt = this.#waiting.shift();
    if (attempt?.isWanted() !== true) return;
    this.#taken++;
    void attempt.run().finally(() => {
      this.#taken--;
      this.#fill();
    });
  }
}
