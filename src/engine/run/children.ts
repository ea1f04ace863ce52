import { decode } from "../../base/codec.js";
import type { WorkflowEvent } from "../../core/events/event.js";
import { RunNotFoundError } from "../../core/errors.js";
import { outcomeOfEnded } from "../../core/family.js";
import type { RunId } from "../../core/ids.js";
import type { RunRecord } from "../../core/run.js";
import type { Backend } from "../../storage/backend.js";
import { lastOfChain } from "../chain.js";
import { acceptInput, newRunOf } from "../new-run.js";
import type { Body } from "./body.js";
import type { RunEnvironment } from "./environment.js";
import type { ChildRequest, Operation } from "./operation.js";
import type { RunLog } from "./run-log.js";
import { storableError } from "./storable.js";

export interface ChildrenOptions {
  readonly run: RunRecord;
  readonly log: RunLog;
  readonly body: Body;
  readonly environment: RunEnvironment;
  readonly onStir: () => void;
  readonly emitOutcome: (operation: Operation, event: WorkflowEvent) => void;
}

/** Starts the children of a run, and asks them to end. That one has ended comes from the store: the commit that ends a child tells its parent. */
export class Children {
  /** Those whose input is being checked, or that are being looked for. */
  starting = 0;
  readonly #options: ChildrenOptions;

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  start(operation: Operation, request: ChildRequest): void {
    const { log, body } = this.#options;
    const recorded = log.history.operations.get(operation.id);
    if (recorded === undefined) {
      if (body.cancelled && !operation.shielded) this.#neverBegan(operation);
      else void this.#occupied(this.#create(operation, request));
      return;
    }
    const { childRunId } = recorded;
    if (childRunId === undefined) return;
    // A child that ended while this run had failed, or that another run's history brought along, has told nobody here.
    if (log.history.retried || this.#options.run.rerunOf !== undefined) void this.#occupied(this.#lookFor(operation, childRunId));
    if (body.cancelled && !operation.shielded) this.cancel(operation);
  }

  /** The request goes to the child; its end settles the operation. A child that outlives this run is left alone. */
  cancel(operation: Operation): void {
    const { log, run, environment } = this.#options;
    const childRunId = log.history.operations.get(operation.id)?.childRunId ?? operation.childRunId;
    if (childRunId === undefined || operation.request.kind !== "child" || operation.request.parentClose === "abandon") return;
    const requested: WorkflowEvent = { type: "cancellation.requested", at: environment.clock.now(), reason: `its parent ${run.runId} was cancelled`, requestedBy: "parent" };
    log.enter({ linked: { runId: childRunId, events: [requested] } });
  }

  async #occupied(work: Promise<void>): Promise<void> {
    this.starting++;
    await work;
    this.starting--;
    this.#options.onStir();
  }

  async #create(operation: Operation, { definition, args: _args, parentClose, waits }: ChildRequest): Promise<void> {
    const { run, log, body, environment } = this.#options;
    const { id: operationId, args, after } = operation;
    const [input] = decode(args) as [unknown];
    const accepted = await acceptInput(definition, input, environment.limits).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if (body.ended !== undefined || operation.settled) return;
    const at = environment.clock.now();
    if ("error" in accepted) return this.#options.emitOutcome(operation, { type: "child_workflow.failed", at, operationId, value: storableError(accepted.error) });
    if (body.cancelled && !operation.shielded) return this.#neverBegan(operation);
    const parent = { runId: run.runId, operationId, parentClose };
    const create = newRunOf(definition, { input: accepted.value, createdAt: at, recovery: environment.recovery, parent, nestingDepth: run.nestingDepth + 1 });
    if (!environment.workflows.has(definition.name)) body.log.warn(`this worker does not serve ${definition.name}: its run ${create.runId} waits for one that does`);
    operation.childRunId = create.runId;
    log.enter({ event: { type: "child_workflow.started", at, operationId, childRunId: create.runId, workflowName: definition.name, parentClose, waits, after, value: args }, create });
  }

  async #lookFor(operation: Operation, childRunId: RunId): Promise<void> {
    const { run, log, environment, emitOutcome } = this.#options;
    const outcome = await environment.commits.ask((backend) => outcomeOf(backend, childRunId, environment.clock.now()));
    if (outcome === undefined) return;
    // Its end and its note are one commit: what is not in the log by now will never be told.
    log.history.absorb((await environment.commits.read(run.runId, log.history.lastSequence)) ?? []);
    const { id: operationId } = operation;
    if (this.#options.body.ended === undefined && log.history.operations.get(operationId)?.outcome === undefined) emitOutcome(operation, { ...outcome, operationId });
  }

  #neverBegan(operation: Operation): void {
    const { emitOutcome, environment } = this.#options;
    emitOutcome(operation, { type: "child_workflow.cancelled", at: environment.clock.now(), operationId: operation.id });
  }
}

// A child that was pruned had ended, and what it ended with is gone.
async function outcomeOf(backend: Backend, childRunId: RunId, now: number): Promise<ReturnType<typeof outcomeOfEnded>> {
  try {
    return outcomeOfEnded(await lastOfChain(backend, childRunId));
  } catch (error) {
    if (!(error instanceof RunNotFoundError)) throw error;
    return { type: "child_workflow.failed", at: now, childRunId, value: storableError(error) };
  }
}
