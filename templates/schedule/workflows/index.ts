// The workers and the command line load this file: what it exports is what they know.
export { checkHealth } from "./health.js";
export { salesReport } from "./reports.js";
