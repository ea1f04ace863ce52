// A room is held for a day, and given back also where the run is cancelled. A request to cancel wakes the run: what it waits for is
// rejected with a CancellationError, and inside `shield` the clean-up may still call steps.
//
// $ npx pyworkflow --module ./examples/09-cancellation.ts workflows run hold_room --arg room=12 --until suspended --quiet
// run_…	suspended
// $ npx pyworkflow runs cancel @last --reason 'the guest does not come' --quiet
// run_…	suspended	asked to end
// $ npx pyworkflow --module ./examples/09-cancellation.ts worker run --processes 1 --drain --quiet
// $ npx pyworkflow runs logs @last -o plain
// 1: workflow.started
// 2: step.started
// 3: step.completed
// 4: sleep.started
// 5: workflow.suspended
// 6: cancellation.requested
// 7: workflow.resumed
// 8: step.started
// 9: step.completed
// 10: workflow.cancelled
import { shield, sleep, step, workflow } from "pyworkflow";
import { z } from "zod";

const reserveRoom = step("reserve_room", async (room: number) => `reservation of room ${room}`);
const releaseRoom = step("release_room", async (reservation: string) => ({ released: reservation }));

export const holdRoom = workflow({ name: "hold_room", input: z.object({ room: z.number() }) }, async ({ room }) => {
  const reservation = await reserveRoom(room);
  try {
    await sleep("1d");
  } finally {
    await shield(() => releaseRoom(reservation));
  }
  return reservation;
});
