/** What asks a command that runs on and on to end. */
export const endingSignals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
