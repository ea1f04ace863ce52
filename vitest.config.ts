import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/one-folder.ts",
    // @oclif/test reads what a command prints: vitest must not take it away.
    disableConsoleIntercept: true,
    // The examples import the package by its name: the sources, not what was built of them.
    alias: [{ find: /^pyworkflow$/, replacement: `${import.meta.dirname}/src/index.ts` }],
    // Longer than a test waits for a fact (test/support/project.ts): its own words say more than that the time is up.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Process tests start children of their own, and wait half of their time: three files at a time keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
});
