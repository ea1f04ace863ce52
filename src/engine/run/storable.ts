import { encode, NotStorableError, type Encoded } from "../../base/codec.js";
import { NotStorableValueError, PayloadTooLargeError } from "../../core/errors.js";

/** The value as the log keeps it, or the error that says why it can't. `owner` is named in it: `the result of step_a_1`. */
export function storable(value: unknown, owner: string, bytesMax: number): { readonly value: Encoded } | { readonly error: Error } {
  try {
    const text = encode(value);
    // Characters are at most three bytes: only a text that could be too long is measured.
    if (text.length * 3 <= bytesMax) return { value: text };
    const bytes = Buffer.byteLength(text);
    return bytes <= bytesMax ? { value: text } : { error: new PayloadTooLargeError(owner, bytes, bytesMax) };
  } catch (error) {
    if (error instanceof NotStorableError) return { error: new NotStorableValueError(owner, error.path, error.what) };
    // A getter or a toJSON of the user's threw.
    return { error: error instanceof Error ? error : new NotStorableValueError(owner, "", String(error)) };
  }
}

/** What was thrown, as the log keeps it: an error that can't be stored is replaced by the one that says so. No limit holds, for an error must not hide behind another. */
export function storableError(error: unknown): Encoded {
  const stored = storable(error, "the error", Infinity);
  return "value" in stored ? stored.value : encode(stored.error);
}
