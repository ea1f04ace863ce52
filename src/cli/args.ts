import { string } from "@oclif/core/args";

/** The run a command is about. It is never read from stdin: a script that lost its argument must not hang. */
export const runIdArg = string({ name: "id", required: true, ignoreStdin: true, description: "a run id, a unique prefix of one, or @last" });

/** The hook a command is about. */
export const tokenArg = string({ name: "token", required: true, ignoreStdin: true, description: "a hook's token, run_id:hook_id; its run may be a unique prefix or @last" });

/** The schedule a command is about. */
export const scheduleIdArg = string({ name: "id", required: true, ignoreStdin: true, description: "a schedule id, a unique prefix of one, or @last" });

/** The schedules a command is about. */
export const scheduleIdsArg = string({ name: "ids", required: true, multiple: true, ignoreStdin: true, description: "schedule ids, unique prefixes, or @last" });
