import { soon } from "../../base/clock.js";
import { deferred, type Deferred } from "../../base/deferred.js";
import type { WorkflowEvent } from "../../core/events/event.js";
import type { NewRun } from "../../core/run.js";
import type { CreateResult } from "../backend.js";
import type { Connection } from "./connection.js";
import { createRun } from "./runs.js";

interface Waiting {
  readonly run: NewRun;
  readonly history: readonly WorkflowEvent[];
  readonly created: Deferred<CreateResult>;
}

const batchMax = 1000;

/** Inserts runs; those that are asked for in the same turn of the event loop share a transaction, and its fsync. */
export function runCreator(connection: Connection): (run: NewRun, history?: readonly WorkflowEvent[]) => Promise<CreateResult> {
  let waiting: Waiting[] = [];

  const flush = async () => {
    const batch = waiting.slice(0, batchMax);
    waiting = waiting.slice(batchMax);
    if (waiting.length > 0) soon(() => void flush());
    try {
      const results = await connection.write(() => batch.map(({ run, history }) => createRun(connection, run, history)));
      for (const [place, { created }] of batch.entries()) {
        const result = results[place];
        if (result !== undefined) created.resolve(result);
      }
    } catch (error) {
      for (const { created } of batch) created.reject(error);
    }
  };

  return (run, history = []) => {
    const created = deferred<CreateResult>();
    waiting.push({ run, history, created });
    if (waiting.length === 1) soon(() => void flush());
    return created.promise;
  };
}
