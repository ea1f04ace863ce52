import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { expect, test } from "vitest";
import { onboarding } from "../../examples/04-sleep.js";
import { purchase } from "../../examples/06-approval.js";
import { salesReport } from "../../examples/19-scheduled-report.js";
import { openTestEngine } from "../../src/testing/index.js";
import { bareEnvironment, newFolder } from "../support/cli.js";

// The comment at the head of an example is a session in a terminal. Each of its commands is run as it stands there, through the real
// binary, and must print what follows it.

const files = readdirSync("examples", { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const examples = files.filter((name) => sessionOf(name).length > 0).toSorted();

test("each example has a row in the table, and its session a command that starts a run", () => {
  const table = readFileSync("examples/README.md", "utf8");
  const rows = [...table.matchAll(/^\| \[[^\]]+\]\(([^)]+)\) \|/gm)].map(([, file = ""]) => file);

  expect(rows.toSorted()).toEqual(examples);
  expect(examples.filter((name) => !sessionOf(name).some(({ command }) => /workflows run|schedules backfill/.test(command)))).toEqual([]);
});

test.concurrent.each(examples)("%s prints what its head says", async (name) => {
  await expectPrinted(sessionOf(name));
});

test("the guide of schedules shows the due times that the command line prints", async () => {
  const blocks = [...readFileSync("docs/guides/schedules.md", "utf8").matchAll(/^```text\n([\s\S]*?)^```/gm)].map(([, block = ""]) => block);
  const session = blocks.flatMap(exchangesOf).map(({ command, prints }) => ({ command: `npx ${command}`, prints }));
  expect(session.length).toBeGreaterThan(2);
  await expectPrinted(session);
});

test("in earnest, the mails of 04 are a day and two days apart", async () => {
  const engine = await openTestEngine({ workflows: [onboarding] });
  const run = await engine.start(onboarding, { user: "ada", day: "1d" });
  await engine.advance("1d");
  expect(await run.status()).toBe("suspended");
  await engine.advance("2d");
  expect(await run.result()).toHaveLength(3);
  expect(engine.now()).toEqual(new Date("2025-01-04T00:00:00Z"));
  await engine.close();
});

test("where the manager of 06 does not answer within two days, the director is asked; where both refuse, the run fails", async () => {
  const engine = await openTestEngine({ workflows: [purchase] });
  const [desk, chair] = [await engine.start(purchase, { item: "desk", patience: "2d" }), await engine.start(purchase, { item: "chair", patience: "2d" })];
  await engine.advance("2d");
  await engine.resumeHook(`${desk.runId}:hook_director_1`, { approved: true });
  await engine.resumeHook(`${chair.runId}:hook_director_1`, { approved: false });
  expect(await desk.result()).toEqual({ item: "desk", approvedBy: "director" });
  expect(await chair.status()).toBe("failed");
  await engine.close();
});

test("in earnest, 19 reports on each working day at six in Berlin, also when the clocks have been put forward", async () => {
  const engine = await openTestEngine({ workflows: [salesReport], startAt: new Date("2026-03-27T00:00:00Z") });
  await engine.advance("4d");
  const ticks = await engine.schedules.ticks("auto_sales_report");
  expect(ticks.map(({ scheduledTime, decision }) => `${scheduledTime.toISOString()} ${decision}`)).toEqual(["2026-03-30T04:00:00.000Z fired", "2026-03-27T05:00:00.000Z fired"]);
  expect(await engine.run(ticks[0]?.runId ?? "").result()).toBe("sales of north before 2026-03-30");
  await engine.close();
});

interface Exchange {
  readonly command: string;
  readonly prints: string;
}

/** The commands of the head, each after a `$`, and what is below them. */
function sessionOf(name: string): readonly Exchange[] {
  const [head = ""] = /^(\/\/.*\n)*/.exec(readFileSync(join("examples", name), "utf8")) ?? [];
  return exchangesOf(head.replaceAll(/^\/\/ ?/gm, ""));
}

function exchangesOf(text: string): readonly Exchange[] {
  const [, ...exchanges] = text.split(/^\$ /m);
  return exchanges.map((exchange) => {
    const [command = "", ...lines] = exchange.split("\n");
    return { command, prints: lines.join("\n") };
  });
}

/** The commands, one after the other, on a store of their own. */
async function expectPrinted(session: readonly Exchange[]): Promise<void> {
  const folder = newFolder();
  const seen: Exchange[] = [];
  for (const { command } of session) seen.push({ command, prints: plain(await shell(command, folder.path)) });
  folder.remove();
  expect(seen).toEqual(session.map(({ command, prints }) => ({ command, prints: plain(prints) })));
}

/** Both streams, in the order of writing. */
async function shell(command: string, folder: string): Promise<string> {
  const ours = command.replaceAll("npx pyworkflow", `node ${resolve("bin/run.js")}`);
  const env = { ...bareEnvironment(), PYWORKFLOW_STORAGE_PATH: join(folder, "store.db") };
  const child = spawn("sh", ["-c", `(${ours}) 2>&1`], { env, stdio: ["ignore", "pipe", "inherit"] });
  return textOf(child.stdout);
}

/** Without what differs each time: ids and durations. */
function plain(text: string): string {
  return text.replaceAll(/\brun_(\w{26}|…)/g, "run_…").replaceAll(/ after [\dmsh .]+$/gm, " after …").trimEnd();
}
