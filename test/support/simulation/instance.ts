/** One execution of a body, as seen from outside. */
export class Instance {
  /** Every durable call with its arguments as they were at the call, and what the body has seen, in order. */
  readonly lines: string[] = [];

  note(line: string): void {
    this.lines.push(`saw ${line}`);
  }

  protected askedFor(call: string, args: readonly unknown[]): void {
    this.lines.push(`asked for ${call} ${JSON.stringify(args)}`);
  }
}
