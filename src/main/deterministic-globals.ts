import nodeCrypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { NonDurableAwaitError } from "../core/errors.js";
import { random, uuid } from "../engine/context/chance.js";
import { currentBody } from "../engine/context/current.js";
import { callerPlace } from "../engine/place.js";

let guarding = false;

/**
 * Makes this process, which must be one of ours, a safe place for bodies that use the plain globals: in the body of a durable run `Date`, where it
 * is asked for the current time, `Math.random` and `crypto.randomUUID` are the run's `now()`, `random()` and `uuid()`, and `fetch` is refused before
 * a request goes out. Steps and all other code have the real ones. To be called before the user's modules are imported, which may keep what they
 * find. `performance.now()` stays as it is: it measures, and what is measured has no place in a log.
 */
export function guardGlobals(): void {
  if (guarding) return;
  guarding = true;
  guardTime();
  guardChance();
  guardRequests();
}

function guardTime(): void {
  const RealDate = Date;
  const make: new (...args: unknown[]) => Date = RealDate;
  const realNow = RealDate.now;
  replace(RealDate, "now", () => runTimeMs() ?? realNow());
  // A proxy, so that it shares its prototype with every Date there is: instanceof, subclasses and clones can't tell the two apart.
  const GuardedDate = new Proxy(RealDate, {
    construct(_real, args: unknown[], newTarget: typeof make): Date {
      const timeMs = args.length === 0 ? runTimeMs() : undefined;
      return Reflect.construct(make, timeMs === undefined ? args : [timeMs], newTarget);
    },
    apply(real): string {
      const timeMs = runTimeMs();
      return timeMs === undefined ? real() : new real(timeMs).toString();
    },
  });
  replace(RealDate.prototype, "constructor", GuardedDate);
  replace(globalThis, "Date", GuardedDate);
}

function guardChance(): void {
  const realRandom = Math.random;
  replace(Math, "random", () => (guardedBody() === undefined ? realRandom() : random()));
  const { randomUUID } = nodeCrypto;
  const guardedUuid = (options?: nodeCrypto.RandomUUIDOptions) => (guardedBody() === undefined ? randomUUID(options) : uuid());
  replace(nodeCrypto, "randomUUID", guardedUuid);
  replace(nodeCrypto.webcrypto, "randomUUID", guardedUuid);
  // For those who import { randomUUID }.
  syncBuiltinESMExports();
}

function guardRequests(): void {
  const realFetch = fetch;
  replace(globalThis, "fetch", (...args: Parameters<typeof fetch>) => (guardedBody() === undefined ? realFetch(...args) : refuse(args[0])));
}

function refuse(target: Parameters<typeof fetch>[0]): Promise<never> {
  const place = callerPlace();
  const address = target instanceof Request ? target.url : String(target);
  const message = `the body of a workflow called fetch(${JSON.stringify(address)})${place === undefined ? "" : ` at ${place}`}: put it in a step`;
  return Promise.reject(new NonDurableAwaitError(message, undefined, place));
}

function runTimeMs(): number | undefined {
  return guardedBody()?.timeMs;
}

// A transient run has no log to be replayed: its body may wait for anything, and its clock must not stand still meanwhile.
function guardedBody() {
  const body = currentBody()?.body;
  return body?.durable ? body : undefined;
}

// As visible as the original is: a method that was not enumerable does not become so.
function replace(owner: object, name: string, value: unknown): void {
  const enumerable = Object.getOwnPropertyDescriptor(owner, name)?.enumerable ?? false;
  Object.defineProperty(owner, name, { value, enumerable, writable: true, configurable: true });
}
