import { inspect } from "node:util";
import type { ChalkInstance } from "chalk";
import { PyworkflowError } from "../core/errors.js";
import { isForPrograms, toJson, type OutputFormat } from "./output.js";

export interface Reporting {
  readonly output: OutputFormat;
  readonly verbose: boolean;
  readonly paint: ChalkInstance;
}

/** The error as stderr shows it, without its line end: what, why and the next step; a stack only for our own bugs, or where it was asked for. */
export function report(error: unknown, { output, verbose, paint }: Reporting): string {
  const { code, message, hint } = told(error);
  const stack = verbose || code === "INTERNAL" ? inspect(error, { depth: 4 }) : undefined;
  if (isForPrograms(output)) return toJson({ error: { code, message, hint, stack } });
  const lines = [`${paint.red("Error:")} ${message}`, ...(hint === "" ? [] : [`  ${hint}`]), ...(stack === undefined ? [] : [paint.dim(stack)])];
  return lines.join("\n");
}

function told(error: unknown): { readonly code: string; readonly message: string; readonly hint: string } {
  if (error instanceof PyworkflowError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { code: "INTERNAL", message, hint: "this is a bug of pyworkflow: please report it with the stack" };
}
