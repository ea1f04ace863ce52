import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // @oclif/test reads what a command prints: vitest must not take it away.
    disableConsoleIntercept: true,
    // The examples import the package by its name: the sources, not what was built of them.
    alias: [{ find: /^pyworkflow$/, replacement: `${import.meta.dirname}/src/index.ts` }],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Process tests start children of their own: two files at a time are what two cores bear.
    maxWorkers: 2,
  },
});
