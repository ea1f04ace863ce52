// The workers and the command line load this file: what it exports is what they know.
export { sendNotification } from "./notifications.js";
export { processOrder } from "./orders.js";
