import { expect, test } from "vitest";
import { Progress } from "../../src/cli/progress.js";

function begin({ moving, width = 80 }: { readonly moving: boolean; readonly width?: number }) {
  let [now, written] = [0, ""];
  const progress = new Progress({ what: "runs pruned", moving, width, clock: { monotonic: () => now }, write: (text) => void (written += text) });
  const after = (ms: number) => {
    now += ms;
    return progress;
  };
  return { after, progress, written: () => written.replaceAll("\r\u001B[2K", "<") };
}

test("a bar with count, rate and time left, written over and taken away", () => {
  const { after, progress, written } = begin({ moving: true });
  after(50).at(1, 1000);
  after(950).at(250, 1000);
  after(20).at(260, 1000);
  progress.end();
  expect(written()).toBe("<█████░░░░░░░░░░░░░░░ 250 of 1,000 runs pruned · 250/s · 3.0s left<");
});

test("what is narrow has no bar, and never more than its columns", () => {
  const { after, written } = begin({ moving: true, width: 40 });
  after(60_000).at(500_000, 1_000_000);
  expect(written().slice(1)).toBe("500,000 of 1,000,000 runs pruned · 8,33");
});

test("where lines stay, one follows every ten seconds; an unknown number has no share", () => {
  const { after, progress, written } = begin({ moving: false });
  after(9999).at(10);
  after(1).at(20);
  after(500).at(30);
  progress.end();
  expect(written()).toBe("20 runs pruned · 2/s\n");
});

test("short work shows nothing", () => {
  const { after, progress, written } = begin({ moving: true });
  after(99).at(9, 10);
  progress.end();
  expect(written()).toBe("");
});
