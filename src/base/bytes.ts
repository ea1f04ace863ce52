const units: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 };
const pattern = /^(\d+(?:\.\d+)?)([KMG]?)(?:i?B)?$/i;

/** A size such as `512M` or `1.5G` (K, M, G count by 1024; a number alone is bytes) in whole bytes, or undefined where the value is none. */
export function parseBytes(size: unknown): number | undefined {
  const [, count = "", unit = ""] = pattern.exec(String(size).trim()) ?? [];
  const bytes = count === "" ? Number.NaN : Math.round(Number(count) * (units[unit.toUpperCase()] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

const shownUnits = ["B", "KB", "MB", "GB", "TB"] as const;

/** Bytes as people write them: `512 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(shownUnits.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${shownUnits[power] ?? ""}`;
}
