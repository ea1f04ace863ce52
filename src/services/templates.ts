/** A project that quickstart writes. */
export interface Template {
  readonly name: TemplateName;
  readonly description: string;
}

export const templateNames = ["basic", "approval", "schedule"] as const;
export type TemplateName = (typeof templateNames)[number];

/** Each has a folder of its name under `templates/`, and shares the files of `templates/common/`. */
export const templates: Readonly<Record<TemplateName, Template>> = {
  basic: {
    name: "basic",
    description: "an order and a notification: steps, retries, recovery",
  },
  approval: {
    name: "approval",
    description: "a wait for somebody's decision: a hook with a schema and an expiry",
  },
  schedule: {
    name: "schedule",
    description: "runs that start by themselves: an interval and a cron line",
  },
};
