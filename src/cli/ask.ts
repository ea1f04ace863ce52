import { createInterface } from "node:readline/promises";
import { PyworkflowError } from "../core/errors.js";
import { UsageError } from "./usage-error.js";

/** A person ended it: Ctrl+C, or the end of the input instead of an answer. */
export class InterruptedError extends PyworkflowError {
  static override readonly code = "INTERRUPTED";
  constructor() {
    super("interrupted", "what was begun was taken back");
  }
}

/** Throws UsageError where nobody can answer: stdin is no terminal. `answer` names the flag that does. */
export function demandTerminal(answer: string): void {
  if (!process.stdin.isTTY) throw new UsageError("there is no terminal to ask at", answer);
}

/** Asks on stderr. An empty line means `otherwise`. Throws InterruptedError. */
export async function ask(question: string, otherwise: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new AbortController();
  terminal.once("close", () => ended.abort());
  try {
    const answer = await terminal.question(`${question} (${otherwise}) `, { signal: ended.signal });
    return answer.trim() || otherwise;
  } catch (error) {
    if (!ended.signal.aborted) throw error;
    process.stderr.write("\n");
    throw new InterruptedError();
  } finally {
    terminal.close();
  }
}

/** A question whose empty answer is no. */
export async function confirm(question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(question, "y/N"));
}
