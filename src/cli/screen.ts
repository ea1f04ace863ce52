import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from "chalk";

/** What a view is drawn on. */
export interface Screen {
  /** Whether a person looks: header, borders, shortened cells, relative times. Else one row a line, in full. */
  readonly terminal: boolean;
  /** Columns of the terminal. */
  readonly width: number;
  readonly paint: ChalkInstance;
  /** Times in UTC instead of local time. */
  readonly utc: boolean;
  /** The present, in milliseconds since the epoch. */
  readonly nowMs: number;
}

export interface Colouring {
  /** `--no-color`. */
  readonly noColor: boolean;
  readonly env: NodeJS.ProcessEnv;
}

/** `--no-color` wins, then FORCE_COLOR, then NO_COLOR; else colours go to terminals only. */
export function paintFor(stream: "stdout" | "stderr", { noColor, env }: Colouring): ChalkInstance {
  const able = (stream === "stdout" ? supportsColor : supportsColorStderr) || { level: 0 };
  if (noColor) return new Chalk({ level: 0 });
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return new Chalk({ level: forced === "0" || forced === "false" ? 0 : able.level || 1 });
  const refused = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  return new Chalk({ level: !refused && process[stream].isTTY ? able.level : 0 });
}

/** Whether a terminal is there that can be drawn over. What runs in a CI system keeps its lines. */
export function canDraw(stream: "stdout" | "stderr", { TERM, CI = "false" }: NodeJS.ProcessEnv): boolean {
  return process[stream].isTTY && TERM !== "dumb" && ["", "0", "false"].includes(CI);
}

const widthWhereUnknown = 100;

export function openScreen(paint: ChalkInstance, nowMs: number, utc: boolean): Screen {
  const { isTTY, columns } = process.stdout;
  return { terminal: isTTY, width: columns || widthWhereUnknown, paint, utc, nowMs };
}
