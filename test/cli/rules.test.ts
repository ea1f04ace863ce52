import { spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bareEnvironment, ended } from "../support/cli.js";
import { FormsProject } from "../support/forms.js";
import { violations } from "../support/json-schema.js";

// What holds for every command, seen at those that differ in how they could break it.

let project: FormsProject;
beforeAll(async () => {
  project = await new FormsProject().fill();
});
afterAll(() => project.remove());

test("global flags stand before the topic as well as behind, in every spelling, and the environment says the same", async () => {
  const before = await project.call(["--output=jsonl", "--quiet", "runs", "list", "--limit", "1"]);
  const behind = await project.call(["runs", "list", "--limit", "1", "--quiet", "-ojsonl"]);
  const variable = await project.call(["runs", "list", "--limit", "1"], { PYWORKFLOW_OUTPUT: "jsonl", PYWORKFLOW_LOG: "error" });
  expect(JSON.parse(before.stdout)).toMatchObject({ run_id: project.runs.asking });
  expect([behind, variable]).toEqual([before, before]);
});

test("an output that there is not is refused, also from the environment", async () => {
  const flag = await project.call(["runs", "list", "-o", "jsno"]);
  expect([flag.code, flag.stdout, flag.stderr]).toEqual([2, "", "Error: --output: jsno is none of table, json, jsonl, plain\n  did you mean json?\n"]);
  const variable = await project.call(["runs", "list"], { PYWORKFLOW_OUTPUT: "jsno" });
  expect([variable.code, variable.stdout, variable.stderr]).toEqual([2, "", flag.stderr.replace("--output", "PYWORKFLOW_OUTPUT")]);
  const log = await project.call(["runs", "list"], { PYWORKFLOW_LOG: "debgu" });
  expect([log.code, log.stdout, log.stderr]).toEqual([2, "", "Error: PYWORKFLOW_LOG: debgu is none of debug, error\n  did you mean debug?\n"]);
});

test("an error in jsonl is one line", async () => {
  const { stderr, stdout } = await project.call(["runs", "status", "run_x", "-o", "jsonl"]);
  expect([stdout, stderr.trimEnd().split("\n")]).toEqual(["", [expect.stringContaining('"RUN_NOT_FOUND"')]]);
  expect(violations("error.json", JSON.parse(stderr))).toEqual([]);
});

test.each([
  ["hooks resume", "name the hook"],
  ["workflows run", "pyworkflow workflows run NAME"],
  ["schedules delete nightly", "--yes"],
  ["runs cancel --workflow send_mail", "--yes"],
  ["quickstart", "--non-interactive"],
])("no terminal, no prompt: %s names what answers", async (words, answer) => {
  const { code, stdout, stderr } = await project.call(words.split(" "));
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(answer);
});

test("a reader that goes away ends a list quietly", async () => {
  const script = `"${process.execPath}" "${resolve("bin/run.js")}" runs logs ${project.runs.completed} --storage-path filled.db | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: project.path, env: bareEnvironment(), encoding: "utf8" });
  expect([stdout.split("\n").at(-2), stderr]).toEqual(["0", ""]);
  const gone = spawn(process.execPath, [resolve("bin/run.js"), "hooks", "list", "-o", "json", "--storage-path", "filled.db"], { cwd: project.path, env: bareEnvironment(), stdio: ["ignore", "pipe", "inherit"] });
  gone.stdout.destroy();
  expect(await ended(gone)).toBe(0);
});

describe("ids", () => {
  test("@last and a unique prefix name a run, a schedule, a worker and a hook", async () => {
    const { asking, token, livingWorker } = project.runs;
    const calls = [
      ["runs", "status", "@last"],
      ["runs", "status", asking.slice(0, -1)],
      ["hooks", "info", "@last:hook_approval_1"],
      ["hooks", "info", `${asking.slice(0, -1)}:hook_approval_1`],
      ["schedules", "show", "@last"],
      ["schedules", "show", "night"],
      ["worker", "stop", livingWorker.slice(0, -1)],
    ];
    const seen: string[] = [];
    for (const args of calls) seen.push((await project.call([...args, "-o", "plain"])).stdout.trimEnd());
    expect(seen).toEqual([asking, asking, token, token, "resting", "nightly", livingWorker]);
  });

  test.each([
    ["runs status run_01jhm", 2, "run_01jhm fits more than one run: run_"],
    ["worker stop worker_01jhm", 2, "worker_01jhm fits more than one worker: worker_"],
    ["hooks info run_01jhm:hook_approval_1", 2, "run_01jhm fits more than one run: run_"],
    ["schedules show ''", 4, "there is no schedule"],
  ])("ambiguous: %s", async (words, code, says) => {
    const said = await project.call(words.replaceAll("''", "").split(" "));
    expect([said.code, said.stderr]).toEqual([code, expect.stringContaining(says)]);
  });

  test("a mistyped one is answered with the nearest", async () => {
    const { completed, token, livingWorker } = project.runs;
    const slip = (id: string): string => `${id.slice(0, 12)}${id[13]}${id[12]}${id.slice(14)}x`;
    const calls: readonly (readonly [readonly string[], string])[] = [
      [["runs", "status", `${completed.slice(0, -2)}zz`], "did you mean run_"],
      [["hooks", "info", token.replace("approval", "aproval")], `did you mean ${token}?`],
      [["schedules", "show", "nigthly"], "did you mean nightly?"],
      [["worker", "stop", slip(livingWorker)], `did you mean ${livingWorker}?`],
      [["runs", "list", "--workflow", "send_mial"], "did you mean send_mail?"],
      [["workflows", "info", "send_mial"], "did you mean send_mail?"],
      [["runs", "rerun", completed, "--from-step", "charge_crad"], "did you mean step_charge_card_1?"],
    ];
    const hints: string[] = [];
    for (const [args] of calls) hints.push((await project.call(args)).stderr);
    expect(calls.filter(([, hint], place) => hints[place]?.includes(hint) !== true)).toEqual([]);
  });
});
