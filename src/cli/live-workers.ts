import type { WorkerLook } from "../services/run-workers.js";
import type { Picture, PictureSize } from "./live/live.js";
import type { Screen } from "./screen.js";
import { wrap } from "./text.js";
import { workerPicture } from "./views/worker-picture.js";

/** What shows workers at work. */
export interface WorkersView {
  onLook(look: WorkerLook): void;
  /** What the processes print stands above it. */
  onOutput(text: string): void;
  close(): void;
}

/** Draws workers on stderr, below the log. Ctrl+C is the signal that it is without a picture. `wraps`: what is above is broken between words. */
export async function liveWorkers(screen: Screen, { wraps }: { readonly wraps: boolean }): Promise<WorkersView> {
  const { openLive } = await import("./live/live.js");
  let last: WorkerLook | undefined;
  const draw = ({ columns: width, rows }: PictureSize): Picture => {
    if (last === undefined) return { lines: [screen.paint.dim("the workers are being started")], moving: false };
    const stopping = last.processes.some(({ status }) => status === "draining");
    const hint = screen.paint.dim(`  ${stopping ? "Ctrl+C again ends them at once" : "Ctrl+C drains them and ends"}`);
    return { lines: [...workerPicture(last, { ...screen, width }, rows - 3), "", hint], moving: false };
  };
  const onKey = (key: string): void => {
    if (key === "^C") process.kill(process.pid, "SIGINT");
  };
  const live = openLive({ stream: "stderr", draw, onKey, ...(wraps && { fit: (line, columns) => wrap(line, columns).join("\n") }) });
  return {
    onLook(look) {
      last = look;
      live.redraw();
    },
    onOutput: (text) => void process.stderr.write(text),
    close: () => live.close(),
  };
}
