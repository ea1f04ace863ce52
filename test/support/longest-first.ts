import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The files that take the longest begin first, so that none of them is waited for alone at the end; the others as vitest has them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = await BaseSequencer.prototype.sort.call(this, files);
    return usual.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

const long = ["package/pack", "process/delicate-moments", "cli/bad-input", "docs/examples", "simulation/order", "process/long-block", "simulation/order-too", "process/charging", "cli/forms/forms", "process/torture", "process/liveness", "cli/schedules", "cli/scheduler", "cli/retry", "process/schedules"];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = long.findIndex((name) => moduleId.endsWith(`test/${name}.test.ts`));
  return rank === -1 ? long.length : rank;
}
