import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import type { RecordedEvent, WorkflowEvent } from "../../src/core/events/event.js";
import type { RunRecord } from "../../src/core/run.js";
import { isTerminal } from "../../src/core/run.js";
import { checkStore } from "../../src/services/check-store.js";
import { bundleText, selectForExport } from "../../src/services/export-runs.js";
import { importRuns } from "../../src/services/import-runs.js";
import type { Project } from "../../src/services/project.js";
import type { Backend } from "../../src/storage/backend.js";
import { createMemoryBackend } from "../../src/storage/memory/memory-backend.js";
import { eachStore } from "../support/each-store.js";
import { fillStore } from "../support/filled-store.js";
import { violations } from "../support/json-schema.js";

type Json = Record<string, unknown>;

async function exported(backend: Backend, ids?: readonly string[]): Promise<string> {
  const project = { backend } as Project;
  const all = ids ?? (await backend.listRuns({ limit: 1000 })).map(({ runId }) => runId);
  const { runs } = await selectForExport(project, { ids: all, tree: false });
  let text = "";
  for await (const piece of bundleText(project, runs, { version: "0.1.0", onProgress: () => undefined })) text += piece;
  return text;
}

async function take(backend: Backend, bundle: unknown, live = true) {
  return importRuns({ backend, clock: systemClock }, { bundle, live });
}

describe.each(eachStore)("a bundle in a store of %s", (_name, open) => {
  test("comes out as it went in, value for value, and the store is sound; a second import changes nothing", async () => {
    const origin = createMemoryBackend();
    await fillStore(origin);
    const text = await exported(origin);
    expect(text).toContain('"encoded":"d');
    const store = await open();
    const rows = await take(store, JSON.parse(text));
    expect(rows.map(({ status, action }) => `${status} ${action}`)).toEqual(["completed imported", "failed imported", "suspended imported", "interrupted imported", "cancelled imported", "pending imported"]);
    expect(await exported(store)).toBe(text);
    expect((await checkStore({ backend: store })).findings).toEqual([]);
    expect((await take(store, JSON.parse(text), false)).every(({ action }) => action === "unchanged")).toBe(true);
    expect(await exported(store)).toBe(text);
  });

  test("every history that an earlier version wrote survives", async () => {
    for (const { run, history } of goldens()) {
      const [origin, store] = [createMemoryBackend(), await open()];
      await origin.importRuns([{ run: newRunOf(run), events: history.map(withoutSequence) }]);
      const text = await exported(origin, [run.runId]);
      expect(violations("runs-export.json", JSON.parse(text))).toEqual([]);
      await take(store, JSON.parse(text));
      expect(await exported(store, [run.runId])).toBe(text);
      expect((await store.getRun(run.runId))?.result).toBe(run.result);
      expect((await checkStore({ backend: store })).findings).toEqual([]);
    }
  });
});

function withoutSequence(event: RecordedEvent): WorkflowEvent {
  return Object.fromEntries(Object.entries(event).filter(([key]) => key !== "sequence")) as unknown as WorkflowEvent;
}

function goldens(): readonly { run: RunRecord; history: readonly RecordedEvent[] }[] {
  const files = readdirSync("test/replay").filter((name) => name.endsWith(".json"));
  const all = files.map((name) => JSON.parse(readFileSync(join("test/replay", name), "utf8")) as { run: RunRecord; history: readonly RecordedEvent[] });
  // Of a parent alone that lives nothing can be moved.
  return all.filter(({ run, history }) => isTerminal(run.status) || !history.some(({ type }) => type === "child_workflow.started"));
}

function newRunOf(run: RunRecord) {
  const { runId, workflowName, durable, input, createdAt, tags, recoverOnWorkerLoss, maxRecoveryAttempts, nestingDepth, parent, continuedFrom, schedule, scheduledTime } = run;
  const more = { ...(parent && { parent }), ...(continuedFrom && { continuedFrom }), ...(schedule && { schedule }), ...(scheduledTime !== undefined && { scheduledTime }) };
  return { runId, workflowName, durable, input, createdAt, tags, recoverOnWorkerLoss, maxRecoveryAttempts, nestingDepth, ...more };
}

describe("what is refused", () => {
  let text: string;
  let store: Backend;
  beforeEach(async () => {
    const origin = createMemoryBackend();
    await fillStore(origin);
    text = await exported(origin);
    store = createMemoryBackend();
  });

  function changed(change: (runs: Json[], bundle: Json) => unknown): Json {
    const bundle = JSON.parse(text) as Json;
    change(bundle["runs"] as Json[], bundle);
    return bundle;
  }

  const eventsOf = (runs: Json[]) => (runs[0] ?? {})["events"] as Json[];
  const event = (runs: Json[], index: number) => eventsOf(runs)[index] ?? {};

  test.each<[string, (runs: Json[], bundle: Json) => unknown, string]>([
    ["no bundle", (_, bundle) => delete bundle["format"], "$.format is missing or wrong: this is no bundle of runs"],
    ["a newer form", (_, bundle) => Object.assign(bundle, { format: 2 }), "$.format is 2, which this version does not know"],
    ["an unknown kind of event", (runs) => Object.assign(event(runs, 2), { type: "step.paused" }), '$.runs[0].events[2].type is "step.paused", expected one of'],
    ["a field that is missing", (runs) => delete event(runs, 1)["attempt"], "$.runs[0].events[1].attempt is missing: expected a whole number from 1 up"],
    ["a field too many", (runs) => Object.assign(event(runs, 1), { "odd key": 1 }), '$.runs[0].events[1]["odd key"] is no field of it'],
    ["a value that is none", (runs) => Object.assign(event(runs, 1), { value: { encoded: "d[" } }), "$.runs[0].events[1].value is"],
    ["a gap", (runs) => eventsOf(runs).splice(2, 1), "$.runs[0].events[2].sequence is 4, expected 3"],
    ["a history that can't have been", (runs) => eventsOf(runs).push({ ...event(runs, 6), sequence: 8 }), "$.runs[0].events[7] breaks I4"],
    ["one run twice", (runs) => runs.push({ ...runs[0] }), "$.runs[6].runId is that of $.runs[0] too"],
    ["no run id", (runs) => Object.assign(runs[1] ?? {}, { runId: "run_1" }), '$.runs[1].runId is "run_1", expected a run id'],
  ])("%s", async (_what, change, message) => {
    await expect(take(store, changed(change))).rejects.toMatchObject({ code: "INVALID_BUNDLE", message: expect.stringContaining(message) });
    expect(await store.listRuns({ limit: 10 })).toEqual([]);
  });

  test("what lives, without the word for it", async () => {
    await expect(take(store, JSON.parse(text), false)).rejects.toMatchObject({ code: "IMPORT_CONFLICT", hint: expect.stringContaining("--live") });
    expect(await store.listRuns({ limit: 10 })).toEqual([]);
  });

  test("a run that is here with another history, and an idempotency key that is another's", async () => {
    const bundle = JSON.parse(text) as { runs: Json[] };
    await take(store, { ...bundle, runs: bundle.runs.slice(0, 1) });
    await expect(take(store, changed((runs) => Object.assign(runs[0] ?? {}, { tags: ["us"] })))).rejects.toMatchObject({ code: "IMPORT_CONFLICT", message: expect.stringContaining("with another history") });
    const twin = changed((runs) => Object.assign(runs[0] ?? {}, { runId: `${String(runs[0]?.["runId"]).slice(0, -1)}z` }));
    await expect(take(store, twin)).rejects.toMatchObject({ code: "IMPORT_CONFLICT", message: expect.stringContaining("idempotency key") });
    expect(await store.listRuns({ limit: 10 })).toHaveLength(1);
  });

  test("a run that was running is handed over, due at once", async () => {
    const running = changed((runs) => eventsOf(runs).splice(3));
    const [row] = await take(store, { ...running, runs: (running["runs"] as Json[]).slice(0, 1) });
    expect(row).toMatchObject({ status: "suspended", action: "imported" });
    const [run] = await store.listRuns({ limit: 1 });
    expect(run).toMatchObject({ wakeReason: "released", recoveryAttempts: 0 });
    const one = { ...running, runs: (running["runs"] as Json[]).slice(0, 1) };
    expect(await take(store, one, false)).toMatchObject([{ status: "suspended", action: "ahead" }]);
    const otherwise = changed((runs) => Object.assign(eventsOf(runs).splice(3) && (event(runs, 2)), { at: 1 }));
    await expect(take(store, { ...otherwise, runs: (otherwise["runs"] as Json[]).slice(0, 1) })).rejects.toMatchObject({ message: expect.stringContaining("with another history") });
  });

  test("whatever is changed in a bundle: it is refused whole, or the store is sound", async () => {
    let state = 20_250_115;
    const chance = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((state / 2 ** 31) * below);
    };
    const odd: readonly unknown[] = [null, -1, 0, 1.5, 2 ** 53, "", "x", "completed", true, [], {}, { json: 1 }, encode(1)];
    const outcomes = { refused: 0, taken: 0 };
    for (let round = 0; round < 400; round++) {
      const bundle = JSON.parse(text) as Json;
      meddle(bundle, chance, odd);
      const empty = createMemoryBackend();
      const taken = await take(empty, bundle).catch((error: unknown) => error);
      const isRefused = taken instanceof Error;
      outcomes[isRefused ? "refused" : "taken"]++;
      expect(isRefused ? Reflect.get(taken, "code") : "INVALID_BUNDLE").toMatch(/^(?:INVALID_BUNDLE|IMPORT_CONFLICT)$/);
      expect(isRefused ? await empty.listRuns({ limit: 1 }) : []).toEqual([]);
      expect((await checkStore({ backend: empty })).findings).toEqual([]);
    }
    expect(Math.min(outcomes.refused, outcomes.taken)).toBeGreaterThan(20);
  });
});

/** One change somewhere in it: a value goes, comes twice, is another, or changes places with its neighbour. */
function meddle(root: unknown, chance: (below: number) => number, odd: readonly unknown[]): void {
  const places: [object, string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, inside] of Object.entries(node)) {
      places.push([node, key]);
      walk(inside);
    }
  };
  walk(root);
  const [node, key] = places[chance(places.length)] ?? [{}, ""];
  const kind = chance(4);
  if (Array.isArray(node) && kind === 0) node.splice(Number(key), 1);
  else if (Array.isArray(node) && kind === 1) node.splice(Number(key), 0, structuredClone(node[Number(key)]));
  else if (kind === 0) Reflect.deleteProperty(node, key);
  else if (kind === 1) Reflect.set(node, key, Reflect.get(node, Object.keys(node)[chance(Object.keys(node).length)] ?? key));
  else Reflect.set(node, key, odd[chance(odd.length)]);
}
