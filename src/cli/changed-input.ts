import { decode, type Encoded } from "../base/codec.js";
import { isObject } from "../base/json.js";
import type { RunRecord } from "../core/run.js";
import type { Config } from "../config/config.js";
import { findWorkflow, inputSchema } from "../services/list-workflows.js";
import { acceptInput } from "../services/start-run.js";
import { inputFromFlags, type InputFlags } from "./input.js";

/**
 * The input of a run or a schedule, changed by flags: `--arg` replaces fields of the old input, `--args-json` all of it. Throws UsageError, WorkflowNotFoundError, and as
 * `acceptInput`.
 */
export async function changedInput({ input, workflowName }: Pick<RunRecord, "input" | "workflowName">, flags: InputFlags, limits: Config["limits"]): Promise<Encoded> {
  const workflow = findWorkflow(workflowName);
  const given = await inputFromFlags(flags, inputSchema(workflow));
  const original = decode(input);
  const merges = flags.argsJson === undefined && isObject(original) && isObject(given);
  return acceptInput(workflow, merges ? { ...original, ...given } : given, limits);
}
