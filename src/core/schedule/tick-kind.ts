export const tickKinds = ["schedule", "trigger", "backfill"] as const;
/** Where a tick comes from: the schedule's own times, a hand, or a hand that asks for times that have passed. */
export type TickKind = (typeof tickKinds)[number];
