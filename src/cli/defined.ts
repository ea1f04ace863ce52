type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The entries that are there: a flag that was not given leaves its option absent. */
export function defined<T extends object>(options: T): Defined<T> {
  const given: Defined<T> = {};
  for (const key in options) {
    const value = options[key];
    if (isDefined(value)) given[key] = value;
  }
  return given;
}

function isDefined<V>(value: V): value is Exclude<V, undefined> {
  return value !== undefined;
}
