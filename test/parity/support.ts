import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { decode, type Encoded } from "../../src/base/codec.js";
import type { RecordedEvent } from "../../src/core/events/event.js";
import type { RunId } from "../../src/core/ids.js";
import type { RunRecord } from "../../src/core/run.js";
import { openEngine, type Engine, type EngineOptions, type RunHandle, type RunStatus } from "../../src/index.js";
import type { Backend } from "../../src/storage/backend.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { newFolder } from "../support/cli.js";
import { until } from "../support/project.js";

export interface ParityOptions extends Omit<EngineOptions, "storage" | "config"> {
  /** The text of a configuration file. Default: none is read. */
  readonly config?: string;
}

type Run = { readonly runId: RunId };

/** An engine on a file of its own, and a second way to look into that file. */
export interface Parity {
  readonly engine: Engine;
  readonly store: Backend;
  /** Another engine on the same file. */
  readonly reopen: (options?: ParityOptions) => Promise<Engine>;
  readonly record: (run: Run) => Promise<RunRecord>;
  readonly history: (run: Run) => Promise<readonly RecordedEvent[]>;
  /** The types of the events, in order; an operation's with its id. */
  readonly types: (run: Run) => Promise<readonly string[]>;
  /** The events of one type. */
  readonly events: <T extends RecordedEvent["type"]>(run: Run, type: T) => Promise<readonly Extract<RecordedEvent, { type: T }>[]>;
}

/** Everything is closed and removed when the test ends. */
export async function openParity(options: ParityOptions = {}): Promise<Parity> {
  const folder = newFolder();
  onTestFinished(() => folder.remove());
  const path = join(folder.path, "app.db");
  const reopen = async ({ config, ...more }: ParityOptions = {}): Promise<Engine> => {
    const engine = await openEngine({ storage: `sqlite:${path}`, onNote: () => {}, ...more, config: config !== undefined && written(join(folder.path, "pyworkflow.config.yaml"), config) });
    onTestFinished(() => engine.close({ shutdownTimeoutMs: 0 }));
    return engine;
  };
  const engine = await reopen(options);
  const store = await openSqlite({ path, readOnly: true });
  onTestFinished(() => store.close());
  const history = ({ runId }: Run) => store.readHistory(runId, 0);
  return {
    engine,
    store,
    reopen,
    history,
    record: async ({ runId }) => found(await store.getRun(runId)),
    types: async (run) => (await history(run)).map((event) => ("operationId" in event ? `${event.type} ${event.operationId}` : event.type)),
    events: async <T extends RecordedEvent["type"]>(run: Run, type: T) =>
      (await history(run)).filter((event): event is Extract<RecordedEvent, { type: T }> => event.type === type),
  };
}

export function reaches(run: RunHandle, status: RunStatus): Promise<true> {
  return until(`${run.runId} to be ${status}`, async () => ((await run.status()) === status ? true : undefined));
}

/** Looks again and again, until what it sees is as expected. */
export const eventually: typeof expect.poll = (look) => expect.poll(look, { timeout: 60_000, interval: 20 });

/** What a promise rejects with. */
export function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`it did not reject, but gave ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

/** What a function throws. */
export function thrownBy(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  throw new Error("it threw nothing");
}

export function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is nothing");
  return value;
}

export function valueOf(encoded: Encoded | undefined): unknown {
  return decode(found(encoded));
}

function written(file: string, text: string): string {
  writeFileSync(file, text);
  return file;
}
