import { setImmediate as nextTurn } from "node:timers/promises";
import type { Backend } from "../storage/backend.js";

const quietTurns = 10;

/** A store, and the wait until nobody has asked it for anything for some turns of the event loop. */
export function observed(store: Backend): { readonly backend: Backend; readonly settled: () => Promise<void> } {
  let calls = 0;
  const backend = new Proxy(store, {
    get(target, name) {
      calls++;
      return Reflect.get(target, name) as unknown;
    },
  });
  const settled = async () => {
    for (let quiet = 0; quiet < quietTurns; ) {
      const before = calls;
      await nextTurn();
      quiet = calls === before ? quiet + 1 : 0;
    }
  };
  return { backend, settled };
}
