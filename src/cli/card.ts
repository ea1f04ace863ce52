import type { Screen } from "./screen.js";

/** `Name: value` lines; those that have no value are left out. */
export function cardLines(lines: readonly (readonly [string, string | undefined])[], { paint }: Screen): readonly string[] {
  return lines.filter(([, value]) => value !== undefined).map(([name, value]) => `${paint.bold(`${name}:`)} ${value}`);
}
