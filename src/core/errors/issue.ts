/** What a schema has against a value, and where in it. */
export interface Issue {
  /** Names and indexes joined by dots; empty for the value itself. */
  readonly path: string;
  readonly message: string;
}

export function textOf(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("; ");
}
