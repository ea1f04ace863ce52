import { setTimeout as pause } from "node:timers/promises";
import { step, workflow } from "pyworkflow";

const probe = step({ name: "probe", maxRetries: 2, retryDelay: "1s", timeout: "5s" }, async (service: string) => {
  await pause(100); // a request to the service
  return { service, healthy: true };
});

export const checkHealth = workflow(
  {
    name: "check_health",
    description: "Looks after the services, again and again",
    schedule: {
      interval: "10s",
      // A check that takes longer than ten seconds is not overtaken by the next one, and one that was missed is not made up for.
      overlapPolicy: "skip",
      catchup: "none",
    },
  },
  async () => Promise.all(["shop", "payments"].map((service) => probe(service))),
);
