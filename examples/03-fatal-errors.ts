// An error that no second try would mend, and what was done before it undone. A FatalError ends a step at once; it reaches the
// body as it was thrown, where it can be caught like any other.
//
// $ npx pyworkflow --module ./examples/03-fatal-errors.ts workflows run book_trip --arg card=expired --wait
// run_…: no live worker executes book_trip, so this process executes the run
//   workflow.started
//   step.started step_book_flight_1
//   step.completed step_book_flight_1 after 1ms
//   step.started step_charge_trip_1
//   step.failed step_charge_trip_1 after 1ms
//   step.started step_cancel_flight_1
//   step.completed step_cancel_flight_1 after 1ms
//   workflow.failed after 5ms
// run_…	failed
// Error: run run_… failed: the card is expired
//   the step is not tried again: mend the cause, then pyworkflow runs retry takes the run up at it; or start a new one; pyworkflow runs logs run_… shows what happened
import { FatalError, step, workflow } from "pyworkflow";
import { z } from "zod";

const bookFlight = step("book_flight", async (to: string) => `flight to ${to}`);
const cancelFlight = step("cancel_flight", async (flight: string) => ({ cancelled: flight }));

const chargeTrip = step({ name: "charge_trip", maxRetries: 5 }, async (card: string) => {
  if (card === "expired") throw new FatalError("the card is expired");
  return { charged: card };
});

export const bookTrip = workflow(
  { name: "book_trip", input: z.object({ to: z.string().default("Lisbon"), card: z.string() }) },
  async ({ to, card }) => {
    const flight = await bookFlight(to);
    try {
      return await chargeTrip(card);
    } catch (error) {
      await cancelFlight(flight);
      throw error;
    }
  },
);
