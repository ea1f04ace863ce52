import { systemClock } from "../base/clock.js";
import type { RunId } from "../core/ids.js";
import type { RunRecord, RunStatus } from "../core/run.js";
import { isOpen, spansOf, type Span } from "../core/spans.js";
import type { Project } from "../services/project.js";
import type { RunNews } from "../services/wait-run.js";
import { dataOf } from "./event-lines.js";
import type { Picture, PictureSize } from "./live/live.js";
import type { Screen } from "./screen.js";
import { runPicture } from "./views/run-picture.js";
import type { RunView } from "./watch-run.js";

export interface LiveRunOptions {
  readonly run: RunRecord;
  readonly paint: Screen["paint"];
  /** Every event with what it says, above the picture. */
  readonly events: boolean;
  /** Somebody looks away. */
  readonly detach: () => void;
}

const childrenLookedAtMax = 20;

/** Draws a run on stderr as it goes on: its operations below what its code prints. Ctrl+O shows details, Ctrl+C looks away. */
export async function liveRun({ backend }: Pick<Project, "backend">, { run: first, paint, events: tellsEvents, detach }: LiveRunOptions): Promise<RunView> {
  const { openLive } = await import("./live/live.js");
  let [run, details, closed] = [first, false, false];
  let spans: readonly Span[] = [];
  const children = new Map<RunId, RunStatus>();
  const draw = ({ columns: width, rows }: PictureSize): Picture => {
    const hint = closed ? [] : ["", paint.dim("  Ctrl+O details · Ctrl+C detach")];
    const lines = runPicture({ run, spans, children, details }, { paint, nowMs: systemClock.now(), width, rows: rows - 1 - hint.length });
    return { lines: [...lines, ...hint], moving: spans.some(({ status }) => status === "running" || status === "retrying") };
  };
  const onKey = (key: string): void => {
    if (key === "^C") detach();
    if (key !== "^O") return;
    details = !details;
    live.redraw();
  };
  const live = openLive({ stream: "stderr", draw, onKey });

  async function lookAtChildren(): Promise<void> {
    const open = spans.filter(isOpen).flatMap(({ childRunId }) => childRunId ?? []);
    for (const childRunId of open.slice(0, childrenLookedAtMax)) {
      const child = await backend.getRun(childRunId);
      if (child !== undefined) children.set(childRunId, child.status);
    }
  }
  return {
    async look({ run: now, events }: RunNews) {
      if (now.runId !== run.runId) {
        live.above(`${run.runId} goes on as ${now.runId}`);
        spans = [];
      }
      run = now;
      spans = spansOf(events, spans);
      if (tellsEvents) for (const event of events) live.above(paint.dim(`#${event.sequence} ${event.type}${dataOf(run, event)}`));
      await lookAtChildren();
      live.redraw();
    },
    close() {
      closed = true;
      live.close();
    },
  };
}
