const units: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const pattern = /^(\d+(?:\.\d+)?)([KMG]?)(?:i?B)?$/i;

/** A size such as `512M` or `1.5G` (K, M, G count by 1024; a number alone is bytes) in whole bytes, or undefined where the value is none. */
export function parseBytes(size: unknown): number | undefined {
  const [, count = "", unit = ""] = pattern.exec(String(size).trim()) ?? [];
  const bytes = count === "" ? Number.NaN : Math.round(Number(count) * (units[unit.toUpperCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes as people write them: `512M`, `1.5G`. */
export function formatBytes(bytes: number): string {
  const [unit, size] = Object.entries(units).findLast(([, least]) => bytes >= least) ?? ["", 1];
  const count = bytes / size;
  return `${count < 10 ? Math.round(count * 10) / 10 : Math.round(count)}${unit}`;
}
