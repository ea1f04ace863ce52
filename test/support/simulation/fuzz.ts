import { chanceOf, type Chance } from "./chance.js";
import { endOf, faultsOf, wasCancelled } from "./checks.js";
import { isOrderFree, type Program } from "./programs.js";
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
 * A program, executed without faults; then once for each of its commits with a crash after it; then with everything that
 * can go wrong at any time. `always` holds for all of them. Resolves with the number of executions; rejects with FoundFault.
 */
export async function fuzz(program: Program, seed: number, always: Faults = {}): Promise<number> {
  const faultless = await execute({ program, seed, faults: always }, 1);
  const plans = plansFor(faultless.commits, chanceOf("faults", seed));
  for (const [index, plan] of plans.entries()) {
    const world = await execute({ program, seed, faults: { ...plan, ...always } }, index + 2);
    if (!isOrderFree(program) || wasCancelled(world) || wasCancelled(faultless) || endOf(world) === endOf(faultless)) continue;
    throw new FoundFault(`with seed ${seed} and ${JSON.stringify(plan)} it ended ${endOf(world)}, without faults ${endOf(faultless)}`, index + 2);
  }
  return plans.length + 1;
}

function plansFor(commits: number, chance: Chance): readonly Faults[] {
  return [
    ...Array.from({ length: commits }, (_, index) => ({ crashAfterCommit: index + 1, cancels: chance.happens(0.25) ? 0.03 : 0 })),
    { crashes: 0.05, storage: 0.05 },
    { crashes: 0.02, releases: 0.05, storage: 0.02 },
    { cancels: 0.1, crashes: 0.03, releases: 0.02, storage: 0.03 },
    { cancels: 0.01, crashes: 0.01, releases: 0.01, hangs: true },
  ];
}

async function execute(execution: Execution, number: number): Promise<World> {
  const { program, seed, faults } = execution;
  const world = new World(execution);
  const found: string[] = [];
  const restore = collectRejections(found);
  try {
    await world.execute();
    found.push(...(await faultsOf(world, program, seed)));
  } finally {
    restore();
  }
  if (found.length === 0) return world;
  const log = world.history.map((event) => JSON.stringify({ ...event, value: undefined })).join("\n");
  throw new FoundFault(`with seed ${seed} and ${JSON.stringify(faults)}:\n${found.join("\n")}\n\nits log:\n${log}\n`, number);
}

// A broken invariant throws where nobody awaits it; it belongs to the execution that broke it, not to the test runner.
function collectRejections(found: string[]): () => void {
  const others = process.listeners("unhandledRejection");
  const collect = (reason: unknown) => void found.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
  return () => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  };
}
