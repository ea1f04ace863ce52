import type { LossOutcome } from "../../core/recovery.js";
import type { RunId, WorkerId } from "../../core/ids.js";
import { isTerminal } from "../../core/run.js";
import type { WorkerRecord } from "../../storage/backend.js";
import type { ProcessLook, RecoveredRun, RunLook, WorkerLook } from "./look.js";
import type { SupervisorParts } from "./parts.js";
import type { Member, Roster } from "./roster.js";

const runsMax = 100;
const rateOverMs = 10_000;

/** Gathers what a live view shows. */
export class Overview {
  readonly #parts: Pick<SupervisorParts, "backend" | "clock">;
  readonly #roster: Roster;
  /** What each process has brought to its end, those that are gone too. */
  readonly #processed = new Map<WorkerId, number>();
  #counts: readonly { readonly at: number; readonly processed: number }[] = [];
  #recovered: readonly RecoveredRun[] = [];
  #recoveries = 0;

  constructor(parts: Pick<SupervisorParts, "backend" | "clock">, roster: Roster) {
    this.#parts = parts;
    this.#roster = roster;
  }

  /** A worker was lost, and with it these runs. */
  async lost(outcomes: readonly LossOutcome[]): Promise<void> {
    const interrupted = outcomes.filter(({ status }) => status === "interrupted");
    this.#recoveries += interrupted.length;
    const lostAt = this.#parts.clock.now();
    const lost = await Promise.all(interrupted.slice(0, runsMax).map(({ runId }) => this.#recoveredRun(runId, lostAt)));
    this.#recovered = [...lost.flat(), ...this.#recovered].slice(0, runsMax);
  }

  /** `workers` are all of the store. */
  async look(workers: readonly WorkerRecord[]): Promise<WorkerLook> {
    const records = new Map(workers.map((worker) => [worker.workerId, worker]));
    const processes = this.#roster.members.map((member) => processLook(member, records.get(member.workerId))).toSorted(bySlot);
    const processed = this.#count(records);
    this.#recovered = (await Promise.all(this.#recovered.map(async (run) => (isTerminal(run.status) ? [run] : this.#recoveredRun(run.runId, run.lostAt))))).flat();
    return {
      at: this.#parts.clock.now(),
      processes,
      activeRuns: processes.reduce((sum, { activeRuns }) => sum + activeRuns, 0),
      processed,
      endedPerSecond: this.#rate(processed),
      running: await this.#running(processes),
      recovered: this.#recovered,
      recoveries: this.#recoveries,
    };
  }

  #count(records: ReadonlyMap<WorkerId, WorkerRecord>): number {
    for (const workerId of [...this.#roster.members.map((member) => member.workerId), ...this.#processed.keys()]) {
      // A store forgets dead workers after a day; we don't.
      this.#processed.set(workerId, records.get(workerId)?.processed ?? this.#processed.get(workerId) ?? 0);
    }
    return [...this.#processed.values()].reduce((sum, count) => sum + count, 0);
  }

  #rate(processed: number): number {
    const at = this.#parts.clock.monotonic();
    this.#counts = [...this.#counts.filter((count) => at - count.at <= rateOverMs), { at, processed }];
    const [first = { at, processed }] = this.#counts;
    return at === first.at ? 0 : ((processed - first.processed) / (at - first.at)) * 1000;
  }

  async #running(processes: readonly ProcessLook[]): Promise<readonly RunLook[]> {
    const busy = processes.filter(({ activeRuns }) => activeRuns > 0);
    const runs = await Promise.all(busy.map(({ workerId }) => this.#parts.backend.listRuns({ workerId, statuses: ["running"], limit: runsMax })));
    return runs
      .flat()
      .flatMap(({ runId, workflowName, workerId, startedAt, recoveryAttempts }) => (workerId && startedAt !== undefined ? [{ runId, workflowName, workerId, startedAt, recoveryAttempts }] : []))
      .toSorted((a, b) => b.startedAt - a.startedAt)
      .slice(0, runsMax);
  }

  async #recoveredRun(runId: RunId, lostAt: number): Promise<readonly RecoveredRun[]> {
    const run = await this.#parts.backend.getRun(runId);
    return run ? [{ runId, workflowName: run.workflowName, status: run.status, lostAt }] : [];
  }
}

function processLook({ workerId, company, slot, restarts, startedAt, child, leaving, memoryBytes }: Member, record: WorkerRecord | undefined): ProcessLook {
  const { activeRuns = 0, processed = 0, status = "starting" } = record ?? {};
  return {
    workerId,
    ...(child?.pid !== undefined && { pid: child.pid }),
    status: shownStatus(status, leaving),
    company,
    slot,
    restarts,
    activeRuns,
    processed,
    ...(memoryBytes !== undefined && { memoryBytes }),
    startedAt,
  };
}

function shownStatus(status: ProcessLook["status"], leaving: Member["leaving"]): ProcessLook["status"] {
  if (leaving === undefined) return status;
  if (status === "online") return "draining";
  return status === "dead" && leaving === "asked" ? "ended" : status;
}

function bySlot(a: ProcessLook, b: ProcessLook): number {
  const [crowdFirst, slotFirst] = [a.company.localeCompare(b.company) * -1, a.slot - b.slot];
  return crowdFirst || slotFirst || b.startedAt - a.startedAt;
}
