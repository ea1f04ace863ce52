// Thumbnails: quick, and easily made again. A transient run keeps a row and no log: steps cost no event and nothing is replayed.
//
// $ npx pyworkflow --module ./examples/16-transient-quick-tasks.ts workflows run thumbnails --arg 'images=["a.png","b.png"]' --wait
// run_…: no live worker executes thumbnails, so this process executes the run
// run_…	completed
// $ npx pyworkflow runs result @last
// [
//   "a.png at 100 px",
//   "b.png at 100 px"
// ]
// $ npx pyworkflow runs logs @last -o plain
import { step, workflow } from "pyworkflow";
import { z } from "zod";

const shrink = step("shrink", async (image: string, pixels: number) => `${image} at ${pixels} px`);

export const thumbnails = workflow({ name: "thumbnails", durable: false, input: z.object({ images: z.array(z.string()) }) }, async ({ images }) =>
  Promise.all(images.map((image) => shrink(image, 100))),
);
