/** The closed family of errors that a user can cause; docs/errors.md has a heading for each code. */
export { PyworkflowError } from "./errors/pyworkflow-error.js";
export type { Issue } from "./errors/issue.js";
export * from "./errors/execution.js";
export * from "./errors/hooks.js";
export * from "./errors/children.js";
export * from "./errors/runs.js";
export * from "./errors/schedules.js";
export * from "./errors/outside.js";
