import { handled } from "../../base/deferred.js";
import { defaults } from "../../core/defaults.js";
import { InvalidDefinitionError, MaxNestingDepthError } from "../../core/errors.js";
import { parentCloses, type ParentClose } from "../../core/events/child.js";
import type { RunId } from "../../core/ids.js";
import type { RunStatus } from "../../core/run.js";
import { checkDefinition, type WorkflowDefinition } from "../definition.js";
import type { ChildRequest, StartedChild } from "../run/operation.js";
import { answerOf, askingFor, type Asking } from "./asking.js";

/** How a child is started that is not waited for. */
export interface StartChildOptions {
  /** What becomes of the child when this run ends first: ended without running its code again, cancelled with its clean-up, or (the default) left alone. */
  readonly parentClose?: ParentClose;
}

/** A child run, as the body that started it holds it. */
export interface ChildHandle<Output = unknown> {
  readonly runId: RunId;
  /** Waits for the child's end. Rejects with ChildWorkflowFailedError, ChildWorkflowCancelledError or CancellationError. */
  result(): Promise<Output>;
  /** How the child stands: a step of its own, so that a replay sees the same. Of a child that continued as new, its last run. */
  status(): Promise<RunStatus>;
  /** Asks the child to end: a step of its own. */
  cancel(reason?: string): Promise<void>;
}

/**
 * Runs another workflow as a run of its own and waits for its result. It ends with this run. Rejects with ChildWorkflowFailedError (its
 * `cause` is what the child threw), ChildWorkflowCancelledError, CancellationError or MaxNestingDepthError; with InvalidDefinitionError for what is
 * no workflow, NotInWorkflowError outside a body, DurableRunRequiredError in a transient run.
 */
export function runChild<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input): Promise<Output> {
  return answerOf(() => ask(workflow, { args: [input], parentClose: "terminate", waits: true }) as Promise<Output>);
}

/**
 * Starts another workflow as a run of its own, beside this one, and gives its handle as soon as that is recorded. It outlives this run, unless
 * `parentClose` says otherwise. Rejects with ChildWorkflowFailedError where its input is not valid, or with MaxNestingDepthError; with
 * InvalidDefinitionError for what is no workflow or no `parentClose`, NotInWorkflowError outside a body, DurableRunRequiredError in a transient run.
 */
export function startChild<Input, Output>(workflow: WorkflowDefinition<Input, Output>, input: Input, options: StartChildOptions = {}): Promise<ChildHandle<Output>> {
  return answerOf(() => {
    const { parentClose = "abandon" } = options;
    checkParentClose(parentClose);
    const started = ask(workflow, { args: [input], parentClose, waits: false });
    return handled(started.then((child) => handleOf<Output>(workflow.name, child as StartedChild)));
  });
}

function checkParentClose(parentClose: ParentClose): void {
  if (parentCloses.includes(parentClose)) return;
  throw new InvalidDefinitionError(`startChild(): parentClose is ${JSON.stringify(parentClose)}`, `give one of ${parentCloses.join(", ")}`);
}

function ask(workflow: WorkflowDefinition, options: Pick<ChildRequest, "args" | "parentClose" | "waits">): Promise<unknown> {
  const call = options.waits ? "runChild()" : "startChild()";
  const { body, shielded } = askingFor(call);
  checkDefinition(call, workflow);
  const { nestingDepthMax } = defaults.engine;
  if (body.nestingDepth >= nestingDepthMax) throw new MaxNestingDepthError(workflow.name, nestingDepthMax);
  return body.ask({ kind: "child", name: workflow.name, definition: workflow, ...options }, shielded);
}

function handleOf<Output>(workflowName: string, { runId, operationId }: StartedChild): ChildHandle<Output> {
  return {
    runId,
    result: () =>
      answerOf(() => {
        const { body, shielded } = askingFor("result() of a child");
        return body.askForEnd(operationId, shielded) as Promise<Output>;
      }),
    status: () =>
      answerOf(() => {
        const asking = askingFor("status() of a child");
        return ownStep(asking, { name: `child_status_${workflowName}`, args: [runId], run: () => asking.body.outside.statusOf(runId) }) as Promise<RunStatus>;
      }),
    cancel: (reason) =>
      answerOf(() => {
        const asking = askingFor("cancel() of a child");
        return ownStep(asking, { name: `cancel_child_${workflowName}`, args: [runId, reason], run: () => asking.body.outside.cancel(runId, reason) }) as Promise<void>;
      }),
  };
}

interface OwnStep {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly run: () => Promise<unknown>;
}

/** A step that the engine brings along. */
function ownStep({ body, shielded }: Asking, { name, args, run }: OwnStep): Promise<unknown> {
  return body.ask({ kind: "step", name, args, definition: { ...defaults.step, name, run } }, shielded);
}
