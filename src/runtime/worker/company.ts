import { unreachable } from "../../base/unreachable.js";
import type { Company } from "../../core/claim.js";

/** What a worker has in its hands when it looks for more. */
export interface House {
  readonly executing: number;
  /** How many more runs it has room for; 0 while it drains. */
  readonly free: number;
  /** A run executes here that may be what kills its workers, and has no new outcome yet. */
  readonly aloneInside: boolean;
  /** Such a run is due, and waits for this house to be empty. */
  readonly aloneWaits: boolean;
}

export interface Ask {
  readonly company: Company;
  readonly limit: number;
}

/** The claims to make, in order: a later one is made only where those before it gave nothing. A limit of 0 still reads the inboxes. */
export function asksFor(company: Company, house: House): readonly Ask[] {
  switch (company) {
    case "crowd":
      return [{ company, limit: house.free }];
    case "alone":
      return [{ company, limit: house.executing === 0 ? Math.min(1, house.free) : 0 }];
    case "any":
      return asksForBoth(house);
    default:
      return unreachable(company);
  }
}

function asksForBoth({ executing, free, aloneInside, aloneWaits }: House): readonly Ask[] {
  if (aloneInside || (aloneWaits && executing > 0)) return [{ company: "crowd", limit: 0 }];
  const crowd: Ask = { company: "crowd", limit: free };
  return executing === 0 && free > 0 ? [{ company: "alone", limit: 1 }, crowd] : [crowd];
}
