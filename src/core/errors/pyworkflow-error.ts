/**
 * The closed family of errors that a user can cause. Each has a `code` (a heading of docs/errors.md), the facts as
 * fields, and a `hint`: the next step. A bug of ours is not among them. `instanceof` goes by the code, so it holds for an
 * error that was stored and read back, and across two copies of the package.
 */
export abstract class PyworkflowError extends Error {
  static readonly code: string = "";
  readonly code: string;
  /** What to do next. */
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = new.target.code;
    this.hint = hint;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, "code")) return Function.prototype[Symbol.hasInstance].call(this, value);
    if (!(value instanceof Error)) return false;
    const code: unknown = Reflect.get(value, "code");
    if (this.code !== "") return code === this.code;
    return typeof code === "string" && typeof Reflect.get(value, "hint") === "string";
  }
}
