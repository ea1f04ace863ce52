import { currentContext } from "./context/current.js";

let guarding = false;

/**
 * A branch of a body that nobody awaits must not end the process and with it every other run: rejections that come out of
 * a run's code are logged with their run and step. All others end the process as they would have without this listener.
 */
export function guardRejections(): void {
  if (guarding) return;
  guarding = true;
  process.on("unhandledRejection", (reason) => {
    const current = currentContext();
    if (current !== undefined) {
      const log = current.kind === "body" ? current.body.log : current.step.log;
      log.warn(`a promise was rejected and nobody awaited it: ${reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)}`);
      return;
    }
    // A listener of the user's decides. Without one, throwing here ends the process as Node does by itself.
    if (process.listenerCount("unhandledRejection") === 1) throw reason instanceof Error ? reason : new TypeError(`rejected with ${String(reason)}`);
  });
}
