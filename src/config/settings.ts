import { didYouMean, nearest } from "../base/nearest.js";
import { ConfigError } from "../core/errors.js";
import { type DefaultedKey, type Key, refused } from "./keys.js";

/** What one key was given, and where. */
export interface Entry {
  readonly value: unknown;
  /** `file:line:column`, a flag, or a variable. */
  readonly place: string;
  /** The places of a list's items. */
  readonly itemPlaces?: readonly string[];
  /** The value came out of a variable: a number or a boolean may be text. */
  readonly expanded?: boolean;
}

/** What one source gave, by the path of the key in the table. */
export type Entries = ReadonlyMap<string, Entry>;

/** A value that fits its key. */
export interface Setting<T> {
  readonly value: T;
  readonly place: string;
  readonly itemPlaces?: readonly string[];
  /** The place of its source in the order of precedence: 0 wins. */
  readonly layer: number;
}

/** Several sources, the strongest first, as one. Looking a key up checks it: a value that does not fit is a ConfigError. */
export class Settings {
  readonly #layers: readonly Entries[];

  constructor(layers: readonly Entries[]) {
    this.#layers = layers;
  }

  /** The value of the strongest source. A mistake in a weaker one is reported all the same. */
  find<T>(key: Key<T>): Setting<T> | undefined {
    const found = this.#layers.flatMap((layer, index): Setting<T>[] => {
      const entry = layer.get(key.path);
      return entry === undefined ? [] : [{ ...entry, value: checked(key, entry), layer: index }];
    });
    return found[0];
  }

  get<T>(key: DefaultedKey<T>): T {
    return this.find(key)?.value ?? key.fallback;
  }
}

function checked<T>(key: Key<T>, { value, place, expanded }: Entry): T {
  refuse(`${key.path}=${String(value)}`, place);
  const read = key.read(value) ?? (expanded ? key.read(scalar(value)) : undefined);
  if (read !== undefined) return read;
  const meant = nearest(String(value), key.choices ?? []);
  const hint = didYouMean(meant, `${key.path}: ${key.doc}`);
  throw new ConfigError(`${key.path} is ${JSON.stringify(value)}, expected ${key.expects}`, { place, hint });
}

/** Stops at a key, or `key=value`, of which the table says why it does not work. */
export function refuse(written: string, place: string): void {
  const refusal = refused.get(written);
  if (refusal !== undefined) throw new ConfigError(refusal.why, { place, hint: refusal.hint });
}

function scalar(value: unknown): unknown {
  if (value === "true" || value === "false") return value === "true";
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}
