import { chanceOf, type Chance } from "./chance.js";
import { endOf, faultsOf, wasCancelled } from "./checks.js";
import { isOrderFree, type Plan } from "./programs.js";
import { World, type Execution, type Faults } from "./world.js";

/** Says what was wrong, and how to see it again. */
export class FoundFault extends Error {
  override readonly name = "FoundFault";
  /** Which execution of its program it was, from 1. */
  readonly execution: number;

  constructor(message: string, execution: number) {
    super(message);
    this.execution = execution;
  }
}

/**
 * A plan, executed without faults; then once for each of its commits with a crash after it; then with everything that
 * can go wrong at any time. `always` holds for all of them. Resolves with the number of executions; rejects with FoundFault.
 */
export async function fuzz(plan: Plan, seed: number, always: Faults = {}): Promise<number> {
  const faultless = await execute({ plan, seed, faults: always }, 1);
  const trials = trialsFor(faultless.commits, chanceOf("faults", seed));
  for (const [index, faults] of trials.entries()) {
    const world = await execute({ plan, seed, faults: { ...faults, ...always } }, index + 2);
    if (!isOrderFree(plan) || wasCancelled(world) || wasCancelled(faultless) || endOf(world) === endOf(faultless)) continue;
    throw new FoundFault(`with seed ${seed} and ${JSON.stringify(faults)} it ended ${endOf(world)}, without faults ${endOf(faultless)}`, index + 2);
  }
  return trials.length + 1;
}

function trialsFor(commits: number, chance: Chance): readonly Faults[] {
  return [
    ...Array.from({ length: commits }, (_, index) => ({ crashAfterCommit: index + 1, cancels: chance.happens(0.25) ? 0.03 : 0 })),
    { crashes: 0.05, storage: 0.05 },
    { crashes: 0.02, releases: 0.05, storage: 0.02 },
    { cancels: 0.1, crashes: 0.03, releases: 0.02, storage: 0.03 },
    { cancels: 0.01, crashes: 0.01, releases: 0.01, hangs: true },
  ];
}

async function execute(execution: Execution, number: number): Promise<World> {
  const { seed, faults } = execution;
  const found: string[] = [];
  const world = await alone(found, async () => {
    const executed = await new World(execution).execute();
    found.push(...(await faultsOf(executed, seed)));
    return executed;
  });
  if (found.length === 0) return world;
  throw new FoundFault(`with seed ${seed} and ${JSON.stringify(faults)}:\n${found.join("\n")}\n\n${logsOf(world)}\n`, number);
}

// A broken invariant throws where nobody awaits it; it belongs to the execution that broke it, not to the test runner. And stacks are dear: without
// them it is done in half the time.
async function alone<T>(found: string[], fn: () => Promise<T>): Promise<T> {
  const others = process.listeners("unhandledRejection");
  const collect = (reason: unknown) => void found.push(String(reason));
  const limit = Error.stackTraceLimit;
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
  Error.stackTraceLimit = 0;
  try {
    return await fn();
  } finally {
    Error.stackTraceLimit = limit;
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  }
}

function logsOf({ family }: World): string {
  const logs = [...family.members.values()].map(({ run, history, looks }) => {
    const lines = history.map((event, index) => `${looks[index]} ${JSON.stringify({ ...event, value: undefined })}`);
    return [`the log of ${run.runId} (${run.status}), after the time at which each event was seen:`, ...lines].join("\n");
  });
  return logs.join("\n\n");
}
