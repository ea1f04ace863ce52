/** A project that quickstart writes. */
export interface Template {
  readonly name: TemplateName;
  readonly description: string;
  /** What to try beside a running worker, as words behind `pyworkflow`: they work as they stand, in this order. */
  readonly tries: readonly string[];
}

export const templateNames = ["basic", "approval", "schedule"] as const;
export type TemplateName = (typeof templateNames)[number];

/** Each has a folder of its name under `templates/`, and shares the files of `templates/common/`. */
export const templates: Readonly<Record<TemplateName, Template>> = {
  basic: {
    name: "basic",
    description: "an order and a notification: steps, retries, recovery",
    tries: ["workflows run process_order --arg orderId=ORD-1 --arg amount=49.99", "runs status @last"],
  },
  approval: {
    name: "approval",
    description: "a wait for somebody's decision: a hook with a schema and an expiry",
    tries: [
      "workflows run approve_expense --arg employee=ada --arg amount=120 --until suspended",
      "hooks list --status pending",
      `hooks resume @last:hook_decision_1 --payload '{"approved": true, "approver": "grace"}'`,
      "runs wait @last",
    ],
  },
  schedule: {
    name: "schedule",
    description: "runs that start by themselves: an interval and a cron line",
    tries: ["schedules list", "schedules next auto_sales_report", "schedules trigger auto_sales_report", "schedules ticks auto_sales_report"],
  },
};
