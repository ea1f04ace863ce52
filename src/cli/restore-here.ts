import { carryOutRestore, planRestore, type RestoreRow } from "../main/restore-store.js";

export type { RestoreRow } from "../main/restore-store.js";

/** What a restore of that backup would do to the store that is named; nothing is changed. */
export function planHere(...given: Parameters<typeof planRestore>): Promise<RestoreRow> {
  return planRestore(...given);
}

export function restoreHere(...given: Parameters<typeof carryOutRestore>): Promise<RestoreRow> {
  return carryOutRestore(...given);
}
