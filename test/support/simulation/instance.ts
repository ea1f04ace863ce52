/** One execution of a body, as seen from outside. */
export class Instance {
  /** Every durable call with its arguments as they were at the call, in asking order. */
  readonly asks: string[] = [];
  /** What the body has seen. */
  readonly seen: string[] = [];

  note(line: string): void {
    this.seen.push(line);
  }

  protected askedFor(call: string, args: readonly unknown[]): void {
    this.asks.push(`${call} ${JSON.stringify(args)}`);
  }
}
