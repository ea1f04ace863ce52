// A dependency of the user may bring its own copy of this package: its steps must find the runs and names of ours.
const key = Symbol.for("pyworkflow.v1");

/** One of the things that all copies of this package in a process share, made by whoever comes first. */
export function shared<T>(name: string, make: () => T): T {
  const all = (Reflect.get(globalThis, key) ?? {}) as Record<string, unknown>;
  Reflect.set(globalThis, key, all);
  all[name] ??= make();
  return all[name] as T;
}
