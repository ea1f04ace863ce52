import { string } from "@oclif/core/args";

/** The run a command is about. It is never read from stdin: a script that lost its argument must not hang. */
export const runIdArg = string({ name: "id", required: true, ignoreStdin: true, description: "a run id, a unique prefix of one, or @last" });
