import { expect, test } from "vitest";
import { formatBytes, parseBytes } from "../../src/base/bytes.js";

test.each([
  ["512M", 512 * 1024 ** 2],
  ["1.5G", 1.5 * 1024 ** 3],
  ["64k", 64 * 1024],
  ["100MB", 100 * 1024 ** 2],
  ["2GiB", 2 * 1024 ** 3],
  ["4096", 4096],
  [" 1M ", 1024 ** 2],
  [4096, 4096],
])("%s", (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes);
});

test.each(["", "M", "-1M", "512 X", "512T", "1e9", "five", "1M2K", "99999999999G", undefined, Number.NaN])("%s is no size", (text) => {
  expect(parseBytes(text)).toBeUndefined();
});

test.each([
  [900, "900 B"],
  [1024, "1.0 KB"],
  [1536 * 1024, "1.5 MB"],
  [512 * 1024 ** 2, "512 MB"],
  [20 * 1024 ** 3, "20.0 GB"],
])("%i is shown as %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
