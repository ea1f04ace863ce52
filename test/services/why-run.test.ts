import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/base/clock.js";
import { encode } from "../../src/base/codec.js";
import { toJson } from "../../src/cli/output.js";
import { sentencesOf } from "../../src/cli/views/why-words.js";
import { whyRow } from "../../src/cli/views/why.js";
import type { Config } from "../../src/config/config.js";
import { defaults } from "../../src/core/defaults.js";
import { ModuleError, RunNotFoundError } from "../../src/core/errors.js";
import { operationIdOf, type RunId, type WorkerId } from "../../src/core/ids.js";
import { requestCancellation } from "../../src/engine/cancel-run.js";
import type { WorkflowDefinition } from "../../src/engine/definition.js";
import { continueAsNew, hook, runChild, shield, sleep, startChild, step, workflow } from "../../src/index.js";
import type { Project } from "../../src/services/project.js";
import { retryRun } from "../../src/services/retry-run.js";
import { whyRun, type RunWhy, type WhyRunOptions } from "../../src/services/why-run.js";
import type { Backend, WorkerRecord } from "../../src/storage/backend.js";
import { eachStore } from "../support/each-store.js";
import { violations } from "../support/json-schema.js";
import { executeDue, startProcess, startRun } from "../support/in-memory.js";
import { until } from "../support/project.js";

const here = /why-run\.test\.ts:\d+:\d+$/;
const held = step({ name: "why.held", timeout: "1h" }, () => new Promise<void>(() => {}));
const flaky = step({ name: "why.flaky", retryDelay: ["1h"] }, async () => {
  throw new RangeError("the bank is closed.");
});
const bad = step({ name: "why.bad", maxRetries: 0 }, async () => {
  throw new TypeError("no such customer");
});
const first = step("why.first", async () => 1);

const working = workflow("why.working", async () => held());
const retrying = workflow("why.retrying", async () => flaky());
const sleeping = workflow("why.sleeping", async () => sleep("1d"));
const asking = workflow("why.asking", async () => hook("answer", { timeout: "7d" }));
const middle = workflow("why.middle", async () => runChild(asking, undefined));
const outer = workflow("why.outer", async () => runChild(middle, undefined));
const many = workflow("why.many", async () => Promise.all([sleep("1d"), hook("answer"), held(), sleep("2d"), sleep("3d")]));
const failing = workflow("why.failing", async () => bad());
const lapping = workflow("why.lapping", async (lap: number) => (lap === 2 ? "done" : continueAsNew(2)));
// What the code on disk is.
let [waits, drifted] = [false, false];
const drifting = workflow("why.drifting", async () => (await (drifted ? flaky() : first()), hook("answer")));
const aside = workflow("why.aside", async () => {
  const child = await startChild(asking, undefined);
  return waits ? child.result() : hook("other");
});
const cleaning = workflow("why.cleaning", async () => {
  try {
    await sleep("30d");
  } finally {
    await shield(() => held());
  }
});

describe.each(eachStore)("why a run does not go on (%s)", (_name, open) => {
  let backend: Backend;
  let project: Project;
  /** Workers that are gone without anybody having noticed. */
  let gone: Set<WorkerId>;
  beforeEach(async () => {
    backend = await open();
    gone = new Set();
    const locks = { isFree: (id: WorkerId) => gone.has(id) } as unknown as Project["locks"];
    project = { backend, clock: systemClock, config: { limits: defaults.limits, worker: defaults.worker } as Config, locks, close: () => backend.close() };
  });

  async function ask(id: string, more: Partial<WhyRunOptions> = {}): Promise<RunWhy & { readonly text: string }> {
    const why = await whyRun(project, { id, loadCode: async () => {}, ...more });
    expect(violations("runs-why.json", JSON.parse(toJson(whyRow(why, "/"))))).toEqual([]);
    return { ...why, text: sentencesOf(why, { utc: true, folder: import.meta.dirname }).join(" ") };
  }

  /** A process that executes all that is due and holds what does not end. */
  async function work(...workflows: readonly WorkflowDefinition[]) {
    const process = await startProcess(backend, { workflows });
    const executions = (await process.claim()).map((run) => process.executor.execute(run));
    onTestFinished(async () => {
      process.executor.drop();
      await Promise.all(executions);
    });
    return process;
  }

  const happened = (runId: RunId, type: string, nth = 1) =>
    until(`${nth} ${type}`, async () => ((await backend.readHistory(runId, 0)).filter((event) => event.type === type).length >= nth ? true : undefined));

  test("created by a machine whose clock was ahead: due when that time has come here", async () => {
    const runId = await startRun(backend, working, { createdAt: systemClock.now() + 86_400_000 });
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "nothing", until: why.run.dueAt });
    expect(why.text).toMatch(/ is pending: it is due in \d+h .*, at .*Z: it was created by a machine whose clock was ahead\.$/);
    expect(whyRow(why, "/").hint).toContain("pyworkflow doctor");
  });

  test("a step that runs; its worker gone and nobody has noticed; recovered; tried again", async () => {
    const runId = await startRun(backend, working);
    const { workerId } = await work(working);
    await happened(runId, "step.started");
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "step", main: { operationId: "step_why.held_1", attemptsMax: 4 }, holder: { status: "online", worker: { workerId } }, also: [] });
    expect([why.place, why.definedAt]).toEqual([expect.stringMatching(here), expect.stringMatching(here)]);
    expect(why.text).toMatch(/ is running: it waits for step why\.held \(step_why\.held_1\) at why-run\.test\.ts:\d+:\d+\. Attempt 1 of 4 has been running in worker_\w+ \(pid 1 on here\) for \d+ms, since .*Z\.$/);

    const { clock } = project;
    project = { ...project, clock: { now: () => clock.now() + 60_000, monotonic: () => clock.monotonic(), setTimer: (fire, ms) => clock.setTimer(fire, ms) } };
    const silent = await ask(runId);
    expect(silent).toMatchObject({ waitsFor: "step", holder: { status: "silent" }, serving: { obstacle: "none_alive", silent: [{ workerId }] } });
    expect(silent.text).toMatch(/That worker gave its last sign of life 1m( \d+(ms|s))? ago: no other one is there to take it over\.$/);
    expect(whyRow(silent, "/").hint).toContain("end process 1 on here");
    project = { ...project, clock };

    gone.add(workerId);
    const unnoticed = await ask(runId);
    expect(unnoticed).toMatchObject({ waitsFor: "recovery", serving: { obstacle: "none_alive" } });
    expect(unnoticed.text).toContain("has ended while it made attempt 1 of step why.held (step_why.held_1) at why-run.test.ts");
    expect(unnoticed.text).toContain("and nobody has taken note of it yet. No worker is alive: the next one that starts recovers it.");

    gone.clear();
    await backend.loseWorker({ workerId, now: systemClock.now(), error: "killed by SIGKILL", charge: "all" });
    const lost = await ask(runId);
    expect(lost).toMatchObject({ waitsFor: "recovery", run: { status: "interrupted" }, loss: { workerId } });
    expect(lost.place).toMatch(here);
    expect(lost.text).toMatch(/its worker worker_\w+ was lost \d+ms ago \(killed by SIGKILL\) while it made attempt 1 of step .* this is recovery 1 of 3 at most\. No worker is alive\.$/);

    await work(working);
    await happened(runId, "step.started", 2);
    expect(await ask(runId)).toMatchObject({ waitsFor: "step", text: expect.stringContaining("Attempt 2 of 4 has been running") });
  });

  test("a step that is to be tried again: the error of the last attempt, and when the next one begins", async () => {
    const runId = await startRun(backend, retrying);
    await executeDue(backend, [retrying]);
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "retry", main: { status: "retrying" }, error: { name: "RangeError", message: "the bank is closed." }, place: expect.stringMatching(here) });
    expect(why.text).toMatch(/is suspended: it waits to try step why\.flaky \(step_why\.flaky_1\) again at .* Attempt 1 failed \d+\w* ago: RangeError: the bank is closed\. Attempt 2 of 4 begins in 59m \d+s, at /);
    expect(whyRow(why, "/")).toMatchObject({ attempt: 1, max_attempts: 4, until: new Date(why.until ?? 0), next: expect.stringContaining("the next attempt, at 2") });
  });

  test("a sleep, with the end of its maxDuration, and who would go on", async () => {
    const runId = await startRun(backend, sleeping, { maxDurationMs: 172_800_000 });
    await executeDue(backend, [sleeping]);
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "timer", main: { operationId: "sleep_1" }, place: expect.stringMatching(here) });
    expect(why.until).toBe(why.run.dueAt);
    expect(why.text).toMatch(/it sleeps \(sleep_1\) at .*, since .*Z, and wakes in 23h 59m, at .* Its maxDuration is over in 1d 23h, at .*Z\.$/);
    expect(why.text).not.toContain("Nobody would");
  });

  test("a hook: its token, and its expiry", async () => {
    const runId = await startRun(backend, asking);
    await executeDue(backend, [asking]);
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "hook", main: { name: "answer" }, place: expect.stringMatching(here) });
    expect(why.text).toContain(`Unless somebody resumes ${runId}:hook_answer_1, it expires in 6d 23h, at `);
    expect(whyRow(why, "/")).toMatchObject({ token: `${runId}:hook_answer_1`, hint: `pyworkflow hooks resume ${runId}:hook_answer_1 --payload JSON` });
  });

  test("a child: it is followed to the end of the chain of waits", async () => {
    const runId = await startRun(backend, outer);
    const all = [outer, middle, asking];
    while ((await executeDue(backend, all)).length > 0);
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "child", place: expect.stringMatching(here), child: { waitsFor: "child", child: { waitsFor: "hook", main: { name: "answer" }, run: { status: "suspended" } } } });
    expect(why.text.match(/is suspended: /g)).toHaveLength(3);
    expect(whyRow(why, "/").hint).toContain(`${why.child?.child?.run.runId}:hook_answer_1`);
  });

  test("a child that the body does not wait for is not told; the call of its result is", async () => {
    waits = false;
    const runId = await startRun(backend, aside);
    while ((await executeDue(backend, [aside, asking])).length > 0);
    expect(await ask(runId)).toMatchObject({ waitsFor: "hook", also: [] });
    waits = true;
    const other = await startRun(backend, aside);
    while ((await executeDue(backend, [aside, asking])).length > 0);
    expect(await ask(other)).toMatchObject({ waitsFor: "child", place: expect.stringMatching(here), child: { waitsFor: "hook" } });
  });

  test("several at once: what executes is told, the rest is listed", async () => {
    const runId = await startRun(backend, many);
    await work(many);
    await happened(runId, "step.started");
    const why = await ask(runId);
    expect(why.main?.operationId).toBe("step_why.held_1");
    expect(why.also.map(({ operationId, place }) => [operationId, here.test(place ?? "")])).toEqual([["hook_answer_1", true], ["sleep_1", true], ["sleep_2", true], ["sleep_3", true]]);
    expect(why.text).toMatch(/It also waits for hook_answer_1, sleep_1 \(until .*Z\), sleep_2 \(until .*Z\) and 1 more\.$/);
  });

  test("a request to cancel under way: the sleep that it ended is no wait any more", async () => {
    const runId = await startRun(backend, cleaning);
    await executeDue(backend, [cleaning]);
    await requestCancellation(backend, systemClock, { runId, reason: "wrong customer", requestedBy: "pyworkflow runs cancel" });
    expect(await ask(runId)).toMatchObject({ waitsFor: "worker", text: expect.stringContaining("it was asked to end, and it is due since") });
    await work(cleaning);
    await happened(runId, "step.started");
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "cancellation", main: { operationId: "step_why.held_1" }, also: [] });
    expect(why.text).toMatch(/it was asked to end \d+ms ago by pyworkflow runs cancel \(wrong customer\)\. Before it ends, it waits for step why\.held/);
  });

  test("parked by drift: what does not fit, and whether the code on disk fits now", async () => {
    drifted = false;
    const runId = await startRun(backend, drifting);
    await executeDue(backend, [drifting]);
    await backend.commit([{ runId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf("hook_answer", 1), value: encode(1) }] }]);
    drifted = true;
    await executeDue(backend, [drifting]);
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "code", fits: false, place: expect.stringMatching(here), run: { parked: { operationId: "step_why.first_1" } } });
    expect(why.text).toMatch(/it is parked since .* with NON_DETERMINISTIC: the history has step_why\.first_1 .*: it asked for step_why\.flaky_1 instead at why-run\.test\.ts:\d+:\d+\. The code on disk does not fit its history either\.$/);
    expect(whyRow(why, "/")).toMatchObject({ operation_id: "step_why.first_1", hint: expect.stringContaining("runs replay") });
    drifted = false;
    const mended = await ask(runId);
    expect(mended).toMatchObject({ fits: true, text: expect.stringMatching(/fits its history now\.$/) });
    expect(whyRow(mended, "/").hint).toContain(`runs retry ${runId}`);
  });

  test("ended: completed, failed with its place, cancelled, continued as new", async () => {
    const ids = [await startRun(backend, failing), await startRun(backend, lapping, { input: 1 }), await startRun(backend, sleeping)];
    await executeDue(backend, [failing, lapping]);
    await requestCancellation(backend, systemClock, { runId: ids[2] as RunId, requestedBy: "somebody" });
    const [failed, continued, cancelled] = await Promise.all(ids.map((id) => ask(id)));
    expect(failed).toMatchObject({ waitsFor: "nothing", place: expect.stringMatching(here), main: { operationId: "step_why.bad_1" }, text: expect.stringMatching(/ failed .*: TypeError: no such customer at why-run\.test\.ts:\d+:\d+\. Step why\.bad \(step_why\.bad_1\) failed it, with its attempt 1\.$/) });
    expect(continued).toMatchObject({ waitsFor: "nothing", text: expect.stringContaining(`${continued?.run.continuedTo} goes on in its place`) });
    expect(cancelled).toMatchObject({ waitsFor: "nothing", text: expect.stringContaining("was cancelled") });
    await executeDue(backend, [lapping]);
    expect((await ask(continued?.run.continuedTo ?? "")).text).toMatch(/ completed .*: it waits for nothing\.$/);
    await retryRun(project, ids[0] as RunId);
    expect(await ask(ids[0] as RunId)).toMatchObject({ waitsFor: "worker", text: expect.stringContaining("somebody retried it, and it is due since") });
  });

  describe("nobody takes it up", () => {
    const worker = (more: Partial<WorkerRecord> & Pick<WorkerRecord, "workflows">) => ({ ...({ workerId: "worker_a", role: "worker", hostname: "here", pid: 1, version: "v1", concurrency: 2, startedAt: 0, status: "online", counter: 0, heartbeatAt: systemClock.now(), activeRuns: 0, processed: 0, stopRequested: false } as unknown as WorkerRecord), ...more });
    const knows = { workflows: [working.name] };
    const cases: readonly { readonly what: string; readonly workers: readonly WorkerRecord[]; readonly obstacle?: string; readonly text: string }[] = [
      { what: "none lives", workers: [worker({ ...knows, status: "dead" })], obstacle: "none_alive", text: "No worker is alive." },
      { what: "a supervisor alone is none", workers: [worker({ ...knows, role: "supervisor" })], obstacle: "none_alive", text: "No worker is alive." },
      { what: "none knows it", workers: [worker({ workflows: ["why.workin"] }), worker({ workflows: ["b"] })], obstacle: "none_knows", text: "2 workers are alive, and none executes why.working: they execute why.workin, b. Is why.workin meant?" },
      { what: "they are silent", workers: [worker({ ...knows, heartbeatAt: systemClock.now() - 3_600_000 })], obstacle: "none_alive", text: "No worker is alive. worker_a (pid 1 on here) executes it, and gave its last sign of life 1h" },
      { what: "one of two is silent", workers: [worker({ ...knows, heartbeatAt: 0 }), worker(knows)], text: "worker_a (pid 1 on here) takes it up at any moment." },
      { what: "they drain", workers: [worker({ ...knows, status: "draining" })], obstacle: "draining", text: "are draining" },
      { what: "they are busy", workers: [worker({ ...knows, activeRuns: 2 }), worker({ ...knows, activeRuns: 2 })], obstacle: "busy", text: "The 2 workers that execute why.working have all the runs that fit at a time (2 + 2)." },
      { what: "one has room", workers: [worker({ ...knows, activeRuns: 2 }), worker(knows)], text: "One of 2 workers takes it up at any moment." },
      { what: "one is there for another run", workers: [worker({ ...knows, onlyRun: "run_other" as RunId })], obstacle: "none_knows", text: "1 worker is alive, for another run alone." },
    ];
    test.each(cases)("$what", async ({ workers, obstacle, text }) => {
      const runId = await startRun(backend, working, { createdAt: systemClock.now() });
      const listWorkers = async () => workers;
      project = { ...project, backend: { ...bound(backend), listWorkers } };
      const why = await ask(runId);
      expect(why).toMatchObject({ waitsFor: "worker", serving: { obstacle }, place: expect.stringMatching(here) });
      expect(why.text).toContain(text);
    });

    test("it must be alone; it is left to the version that wrote it", async () => {
      const runId = await startRun(backend, working);
      const other = worker({ ...knows, version: "v2" });
      const row = await backend.getRun(runId);
      const look = async (change: object) => {
        const getRun = async () => ({ ...row, durable: false, ...change }) as never;
        project = { ...project, backend: { ...bound(backend), getRun, listWorkers: async () => [worker(knows), other] } };
        return ask(runId);
      };
      expect(await look({ recoveryAttempts: 2 })).toMatchObject({ serving: { obstacle: "alone" }, text: expect.stringContaining("lost its worker 2 times in a row") });
      expect(await look({ reservedFor: "v1" })).toMatchObject({ serving: { obstacle: "reserved", takers: [{ version: "v1" }] } });
      expect(await look({ reservedFor: "v9" })).toMatchObject({ serving: { obstacle: undefined } });
    });
  });

  test("a transient run tells what its row has", async () => {
    const runId = await startRun(backend, working, { durable: false });
    await work(working);
    const why = await ask(runId);
    expect(why).toMatchObject({ waitsFor: "nothing", place: undefined, noPlace: undefined });
    expect(why.text).toMatch(/is running: its code runs in worker_\w+ .* It is transient \(durable: false\)/);
  });

  test("without the code all else is told, and why there is no place", async () => {
    const runId = await startRun(backend, asking);
    await executeDue(backend, [asking]);
    const loadCode = () => Promise.reject(new ModuleError("it has no such export", { place: "workflows/a.ts:3:1", hint: "" }));
    const why = await ask(runId, { loadCode });
    expect(why).toMatchObject({ waitsFor: "hook", main: { name: "answer" }, place: undefined });
    expect(why.text).toMatch(/Where its code stands can't be told: workflows\/a\.ts:3:1: it has no such export\.$/);
    const unknown = await startRun(backend, { ...asking, name: "why.askin" });
    expect((await ask(unknown)).text).toContain("can't be told: the modules have no workflow called why.askin, but one called why.asking.");
  });

  test("a run that moves between two reads is told as its history has it", async () => {
    const runId = await startRun(backend, asking);
    const before = await backend.getRun(runId);
    await executeDue(backend, [asking]);
    project = { ...project, backend: { ...bound(backend), getRun: async () => before } };
    expect(await ask(runId)).toMatchObject({ waitsFor: "hook", run: { status: "suspended" } });
  });

  test("a child that ended between two reads is looked at again", async () => {
    const runId = await startRun(backend, middle);
    while ((await executeDue(backend, [middle, asking])).length > 0);
    const before = await backend.readHistory(runId, 0);
    const [child] = await backend.listRuns({ parentId: runId, limit: 1 });
    await backend.commit([{ runId: child?.runId as RunId, seen: 0, events: [{ type: "hook.received", at: systemClock.now(), operationId: operationIdOf("hook_answer", 1), value: encode(1) }] }]);
    await executeDue(backend, [asking]);
    let reads = 0;
    const readHistory: Backend["readHistory"] = (id, after) => (id === runId && reads++ === 0 ? Promise.resolve(before) : backend.readHistory(id, after));
    project = { ...project, backend: { ...bound(backend), readHistory } };
    expect(await ask(runId)).toMatchObject({ waitsFor: "worker", text: expect.stringContaining("its child has ended") });
  });

  test("an id that nobody has", async () => {
    await expect(ask("run_zz")).rejects.toThrow(RunNotFoundError);
  });
});

/** What is asked of a backend here, to be spread into another one. */
function bound(backend: Backend): Backend {
  const methods = ["getRun", "readHistory", "listWorkers", "listRuns", "findRunIds"] as const;
  return Object.fromEntries(methods.map((name) => [name, backend[name].bind(backend)])) as unknown as Backend;
}
