// The workers and the command line load this file: what it exports is what they know.
export { approveExpense } from "./expenses.js";
