import { chanceOf } from "./chance.js";
import { endOf, faultsOf, wasCancelled } from "./checks.js";
import { isOrderFree, type Program } from "./programs.js";
import { World, type Faults } from "./world.js";

/** Says what was wrong, and how to see it again. */
export class FoundFault extends Error {
  override readonly name = "FoundFault";
}

/**
 * A program, executed without faults; then once for each of its commits with a crash after it; then with everything that
 * can go wrong at any time. Resolves with the number of executions; rejects with FoundFault for the first that is wrong.
 */
export async function fuzz(program: Program, seed: number, always: Faults = {}): Promise<number> {
  const chance = chanceOf("faults", seed);
  const faultless = await execute(program, seed, always);
  const plans: Faults[] = Array.from({ length: faultless.commits }, (_, index) => ({ crashAfterCommit: index + 1, cancels: chance.happens(0.25) ? 0.03 : 0 }));
  plans.push({ crashes: 0.05, storage: 0.05 }, { crashes: 0.02, releases: 0.05, storage: 0.02 }, { cancels: 0.05, crashes: 0.03, releases: 0.01, storage: 0.03 });
  for (const plan of plans) {
    const world = await execute(program, seed, { ...always, ...plan });
    if (isOrderFree(program) && !wasCancelled(world) && endOf(world) !== endOf(faultless)) {
      throw new FoundFault(`${endOf(world)} with ${JSON.stringify(plan)}, and without: ${endOf(faultless)}`);
    }
  }
  return plans.length + 1;
}

async function execute(program: Program, seed: number, faults: Faults): Promise<World> {
  const world = new World({ program, seed, faults });
  const found: string[] = [];
  const restore = collectRejections(found);
  try {
    await world.execute();
    found.push(...(await faultsOf(world, program, seed)));
  } finally {
    restore();
  }
  if (found.length === 0) return world;
  const log = world.history.map((event) => JSON.stringify({ ...event, at: undefined, value: undefined })).join("\n");
  throw new FoundFault(`with seed ${seed} and ${JSON.stringify(faults)}:\n${found.join("\n")}\n\nits log:\n${log}\n`);
}

// A broken invariant throws where nobody awaits it; it belongs to the execution that broke it, not to the test runner.
function collectRejections(found: string[]): () => void {
  const others = process.listeners("unhandledRejection");
  const collect = (reason: unknown) => found.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", collect);
  return () => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  };
}
