import { AsyncLocalStorage } from "node:async_hooks";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { setImmediate as immediate, setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deferred } from "../../src/base/deferred.js";
import { step, workflow } from "../../src/index.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { executeDue, startRun } from "../support/in-memory.js";

const a = step("waits.a", async (n: number = 0) => n);
const b = step("waits.b", async (n: number = 0) => n);

const server = createServer((_request, response) => void response.end("hello"));
let address = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  if (typeof bound === "object") address = `http://127.0.0.1:${bound?.port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

type Body = () => Promise<unknown>;

async function execute(name: string, body: Body) {
  const definition = workflow(`waits.${name.replaceAll(/[^a-z0-9]+/gi, "-")}`, body);
  const backend = createMemoryBackend();
  const runId = await startRun(backend, definition);
  const [departure] = await executeDue(backend, [definition]);
  return { departure, run: await backend.getRun(runId), history: await backend.readHistory(runId, 0) };
}

/** What else a body may wait for: the call before which that is found out; undefined where only the end of the body tells. */
const caught: readonly (readonly [string, string | undefined, Body])[] = [
  ["a file, first of all", "step_waits.b_1", async () => [await readFile("package.json"), await b()]],
  ["a file, after a step", "step_waits.b_1", async () => [await a(), await readFile("package.json"), await b()]],
  ["a file, in one of two branches", "step_waits.b_1", async () => Promise.all([a(), readFile("package.json").then(() => b())])],
  ["a timer", "step_waits.b_1", async () => [await a(), await pause(2), await b()]],
  ["an immediate", "step_waits.b_1", async () => [await a(), await immediate(), await b()]],
  ["several immediates", "step_waits.a_1", async () => [await immediate(), await immediate(), await immediate(), await a()]],
  ["the network", "step_waits.b_1", async () => [await a(), await (await fetch(address)).text(), await b()]],
  ["a compression", "step_waits.b_1", async () => [await a(), await promisify(gzip)("text"), await b()]],
  ["a timer, and it ends", undefined, async () => [await a(), await pause(2)]],
  ["nothing at all, for ever", undefined, async () => [await a(), await new Promise(() => {})]],
];

test.concurrent.each(caught)("refused: a body that waits for %s", async (name, call, body) => {
  const { departure, run, history } = await execute(name, body);
  expect(departure).toBe("parked");
  expect(run).toMatchObject({ status: "interrupted", parked: { code: "NON_DURABLE_AWAIT" } });
  expect(run?.parked?.operationId).toBe(call);
  expect(run?.parked?.error).toMatch(call === undefined ? /after event \d+/ : `before it called ${call}`);
  // What it wanted to do after the wait was not done.
  expect(history.filter((event) => "operationId" in event && event.type === "step.started" && event.operationId === call)).toEqual([]);
});

test("refused: a body that waits for another run", async () => {
  const gate = deferred<void>();
  const waiting = workflow("waits.waiting", async () => {
    await gate.promise;
    return b();
  });
  const opening = workflow("waits.opening", async () => {
    await a();
    gate.resolve();
    return a();
  });
  const backend = createMemoryBackend();
  const waitingId = await startRun(backend, waiting);
  const openingId = await startRun(backend, opening);
  const departures = await executeDue(backend, [waiting, opening]);
  expect(departures.toSorted()).toEqual(["ended", "parked"]);
  expect((await backend.getRun(openingId))?.status).toBe("completed");
  expect((await backend.getRun(waitingId))?.parked).toMatchObject({ code: "NON_DURABLE_AWAIT", operationId: "step_waits.b_1" });
});

async function* inner(n: number): AsyncGenerator<number> {
  yield await a(n);
}

async function* outer(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) {
    if (n % 2 === 1) yield* inner(n);
    yield await b(n);
  }
}

async function afterTicks(count: number): Promise<void> {
  for (let tick = 0; tick < count; tick++) {
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
  }
}

async function deep(n: number): Promise<number> {
  return n === 0 ? 0 : (await deep(n - 1)) + (await a(1));
}

// Not awaited as what it is: the linter knows that null is no promise.
const nothing: unknown = null;

const own = new AsyncLocalStorage<number>();

const allowed: readonly (readonly [string, unknown, Body])[] = [
  [
    "a thousand awaits of nothing",
    1,
    async () => {
      for (let n = 0; n < 1000; n++) await nothing;
      return a(1);
    },
  ],
  ["helpers that call helpers", 20, async () => deep(20)],
  [
    "nested generators",
    [0, 1, 1, 2, 3, 3],
    async () => {
      const values: number[] = [];
      for await (const value of outer(4)) values.push(await a(value));
      return values;
    },
  ],
  [
    "for await over promises",
    6,
    async () => {
      let sum = 0;
      // oxlint-disable-next-line typescript/await-thenable -- promises in an array: what a body may well write
      for await (const value of [a(1), b(2), Promise.resolve(3)]) sum += await a(value);
      return sum;
    },
  ],
  [
    "combinators in each other",
    [1, 2, 3, 2],
    async () => {
      const settled = async () => (await Promise.allSettled([a(9), Promise.resolve(1)])).length;
      return Promise.all([a(1), Promise.any([b(2), Promise.reject(new RangeError("no"))]), Promise.race([a(3), new Promise<never>(() => {})]), settled()]);
    },
  ],
  [
    "process.nextTick",
    3,
    async () => {
      await afterTicks(1);
      const one = await a(1);
      await afterTicks(50);
      return one + (await b(2));
    },
  ],
  [
    "a thenable",
    5,
    async () => {
      const thenable: PromiseLike<number> = new (class implements PromiseLike<number> {
        // oxlint-disable-next-line unicorn/no-thenable
        then: PromiseLike<number>["then"] = (resolve, reject) => Promise.resolve(2).then(resolve, reject);
      })();
      return (await thenable) + (await a(3));
    },
  ],
  ["an AsyncLocalStorage of its own", [1, 2, 1], async () => own.run(1, async () => [own.getStore(), await own.run(2, async () => (await a(), own.getStore())), (await b(), own.getStore())])],
  ["structuredClone", 1, async () => a(structuredClone({ n: 1 }).n)],
  [
    "the event of an AbortController",
    1,
    async () => {
      const controller = new AbortController();
      const aborted = once(controller.signal, "abort");
      controller.abort();
      await aborted;
      return a(1);
    },
  ],
  [
    "an event of its own, a tick later",
    4,
    async () => {
      const target = new EventTarget();
      process.nextTick(() => target.dispatchEvent(new Event("sent")));
      await once(target, "sent");
      return a(4);
    },
  ],
  [
    "one branch that opens a gate for another",
    [1, 2],
    async () => {
      const gate = deferred<void>();
      const behind = async () => {
        await gate.promise;
        return a(1);
      };
      const opening = async () => {
        const value = await b(2);
        gate.resolve();
        return value;
      };
      return Promise.all([behind(), opening()]);
    },
  ],
];

test.concurrent.each(allowed)("allowed: a body that uses %s", async (name, result, body) => {
  const { departure, run } = await execute(name, body);
  expect(departure).toBe("ended");
  expect(run?.status).toBe("completed");
  expect(run?.result).toBe(`j${JSON.stringify(result)}`);
});
