import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encode } from "../../src/base/codec.js";
import { newWorkerId } from "../../src/core/ids.js";
import { workflow } from "../../src/engine/define.js";
import { createSchedule } from "../../src/services/create-schedule.js";
import { openSqlite } from "../../src/storage/sqlite/sqlite-backend.js";
import { TestClock } from "../../src/testing/test-clock.js";
import { bareEnvironment, newFolder, pyworkflow } from "../support/cli.js";
import { fillStore, type FilledStore } from "../support/filled-store.js";
import { holdLocks } from "../support/locks.js";
import { pendingHook, type PendingHook } from "../support/pending-hook.js";

const folder = newFolder();
const cwd = folder.path;
const startMs = Date.UTC(2026, 0, 15);
let runs: FilledStore;
let hook: PendingHook;
let release: () => void;

beforeAll(async () => {
  const path = join(cwd, "pyworkflow_data", "pyworkflow.db");
  const backend = await openSqlite({ path });
  runs = await fillStore(backend);
  hook = await pendingHook(backend, { at: startMs, workflowName: "ask" });
  const project = { backend, clock: new TestClock(startMs), config: { recovery: { recoverOnWorkerLoss: true, maxRecoveryAttempts: 3 } } };
  await createSchedule(project, { workflow: workflow("nightly", async () => "done"), options: { cron: "0 3 * * *" }, input: encode(undefined), scheduleId: "clean-up" });
  const workerId = newWorkerId(startMs, (count) => new Uint8Array(count));
  release = holdLocks(path, workerId, runs.workerId);
  await backend.registerWorker({ workerId, role: "worker", hostname: "elsewhere", pid: 7, version: "v1", concurrency: 1, workflows: ["known_by_worker"], startedAt: startMs });
  await backend.close();
});
afterAll(() => {
  release();
  folder.remove();
});

/** What is offered in the place of the last word, without what it means. */
async function offers(...words: string[]): Promise<readonly string[]> {
  const { code, stdout, stderr } = await pyworkflow(["autocomplete", "words", "--", ...words], { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.split("\n").filter((line) => line !== "").map((line) => line.split("\t")[0] ?? "");
}

describe("what is offered", () => {
  test("commands, one word after the other", async () => {
    const [first, second, aliases, behindFlags] = await Promise.all([offers(""), offers("runs", "sta"), offers("worker", "st"), offers("--output", "json", "--quiet", "schedules", "ne")]);
    expect(first).toEqual(expect.arrayContaining(["runs", "hooks", "schedules", "quickstart", "autocomplete"]));
    expect(first).not.toContain("--output");
    expect([second, aliases, behindFlags]).toEqual([["status"], ["status", "stop"], ["next"]]);
    expect(await offers("help", "runs", "st")).toEqual(["status"]);
    // The command that answers is nobody's to type.
    expect(await offers("autocomplete", "")).toEqual(["bash", "zsh", "fish"]);
  });

  test("flags, but none that was given, and their values, in both spellings", async () => {
    const [long, global, status, glued, output, twice, negated] = await Promise.all([
      offers("runs", "list", "--st"),
      offers("--out"),
      offers("runs", "list", "--status", "s"),
      offers("runs", "list", "--status=sus"),
      offers("-o", "json"),
      offers("runs", "cancel", "--yes", "--status", "running", "--"),
      offers("workflows", "run", "--no-d"),
    ]);
    expect([long, global]).toEqual([["--status", "--start-time", "--storage", "--storage-path"], ["--output"]]);
    expect([status, glued, output]).toEqual([["suspended"], ["--status=suspended"], ["json", "jsonl"]]);
    expect(twice).not.toContain("--yes");
    expect(twice).toEqual(expect.arrayContaining(["--status", "--dry-run", "--help"]));
    expect(negated).toEqual(["--no-durable"]);
  });

  test("runs: all of them, or those that the command can do something with; none twice", async () => {
    const [all, toCancel, toRetry, again, parent] = await Promise.all([
      offers("runs", "status", ""),
      offers("runs", "cancel", "--reason", "late", "run_"),
      offers("runs", "retry", "run_"),
      offers("runs", "retry", runs.failed, runs.failed.slice(0, -1)),
      offers("runs", "list", `--parent=${runs.completed.slice(0, -2)}`),
    ]);
    expect(all).toEqual(["@last", hook.runId, runs.pending, runs.cancelled, runs.parked, runs.suspended, runs.failed, runs.completed]);
    expect(toCancel).toEqual([hook.runId, runs.pending, runs.parked, runs.suspended]);
    expect([toRetry.includes(runs.failed), toRetry.includes(runs.completed), again]).toEqual([true, false, []]);
    expect(parent).toContain(`--parent=${runs.completed}`);
  });

  test("with what a person should know of it", async () => {
    const { stdout } = await pyworkflow(["autocomplete", "words", "--", "runs", "status", runs.failed], { cwd });
    expect(stdout).toBe(`${runs.failed}\tprocess_order failed\n`);
  });

  test("tokens, also those of a run that is named by @last; operations; schedules; workers; workflows without loading a module", async () => {
    const [token, ofLast, operation, schedule, cursor, worker, workflows, created] = await Promise.all([
      offers("hooks", "resume", ""),
      offers("hooks", "info", "@last:"),
      offers("runs", "rerun", runs.completed, "--from-step", ""),
      offers("schedules", "show", "cl"),
      offers("schedules", "list", "--cursor", ""),
      offers("worker", "stop", ""),
      offers("workflows", "run", ""),
      offers("schedules", "create", "ni"),
    ]);
    expect([token, ofLast]).toEqual([[hook.token], ["@last:hook_approval_1"]]);
    expect(operation).toEqual(["step_charge_card_1"]);
    expect([schedule, cursor]).toEqual([["clean-up"], ["@last", "clean-up"]]);
    expect(worker).toHaveLength(2);
    expect(workflows).toEqual(["ask", "known_by_worker", "nightly", "process_order", "send_mail"]);
    expect(created).toEqual(["nightly"]);
  });

  test("the store that the words name is looked into; where there is none, or all is broken, nothing is offered and nothing said", async () => {
    writeFileSync(join(cwd, "broken.yaml"), "storage:\n  pth: x\n");
    writeFileSync(join(cwd, "letter.db"), "a letter to my aunt, long enough to be read as the header of a database file");
    const ended = await Promise.all([
      offers("--storage-path", "nowhere.db", "runs", "status", ""),
      offers("--config", "broken.yaml", "runs", "status", ""),
      offers("--storage-path=letter.db", "runs", "status", ""),
      offers("runs", "status", "@last", ""),
      offers("rnus", ""),
      offers("hooks", "info", "run_0:"),
    ]);
    expect(ended).toEqual(ended.map(() => []));
    expect(await offers("runs", "list", "--config", "b")).toEqual([":files"]);
  });
});

describe("the scripts", () => {
  // As bash calls the function at a Tab.
  const driver = `
source <("$PROGRAM" autocomplete bash)
complete -p pyworkflow
tab() { COMP_LINE=$1 COMP_POINT=\${#1}; COMPREPLY=(); _pyworkflow; echo "\${COMPREPLY[*]}"; }
while IFS= read -r line; do tab "$line"; done
`;

  // A shell in a shell: what stands on its line behind a Tab.
  const zshDriver = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'autoload -Uz compinit; compinit -D -u; PS1=; source <("$PROGRAM" autocomplete zsh); tell() { print -r -- "{{$BUFFER}}"; BUFFER=; zle redisplay }; zle -N tell; bindkey "^B" tell; print made-$((1+1))'
zpty -r shell shown '*made-2*'
while IFS= read -r line; do
  zpty -w -n shell "$line"$'\\t\\C-b'
  zpty -r shell shown '*{{*}}*'
  shown=\${shown##*\\{\\{}
  print -r -- "\${shown%%\\}\\}*}"
done
zpty -d shell
`;
  const fishDriver = `
$PROGRAM autocomplete fish | source
while read -l line
  string join ' ' -- (complete -C "$line" | string replace -r '\\t.*' '')
end
`;
  const program = join(cwd, "pyworkflow");
  const env = { ...bareEnvironment(), PROGRAM: program, PATH: `${cwd}${delimiter}${process.env["PATH"]}`, HOME: cwd };

  beforeAll(() => {
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${resolve("bin/run.js")}" "$@"\n`);
    chmodSync(program, 0o755);
  });

  /** What a shell answers to a Tab behind each line. */
  function answers(shell: string, args: readonly string[], lines: readonly string[]): readonly string[] {
    const { stdout, stderr } = spawnSync(shell, args, { cwd, env, encoding: "utf8", input: `${lines.join("\n")}\n`, timeout: 25_000 });
    expect(stderr).toBe("");
    return stdout.trimEnd().split("\n");
  }

  const isHere = (shell: string) => spawnSync("sh", ["-c", `command -v ${shell}`]).status === 0;

  test("bash completes a command, a flag's value, an id, and what stands behind a colon or an equals sign", () => {
    const lines = ["pyworkflow ru", "pyworkflow runs list --status pa", "pyworkflow runs list --status=pen", `pyworkflow runs status ${runs.failed.slice(0, -1)}`, `pyworkflow hooks info ${hook.runId}:`, `${program} runs stat`, "pyworkflow runs "];
    const [registered, ...replies] = answers("bash", ["--norc", "-c", driver], lines);
    expect(registered).toBe("complete -F _pyworkflow pyworkflow");
    expect(replies.slice(0, 6)).toEqual(["runs", "", "pending", runs.failed, "hook_approval_1", "status"]);
    expect(replies[6]?.split(" ")).toEqual(expect.arrayContaining(["list", "status", "cancel"]));
  });

  // Both are packages of their own; where they are not at hand, the parse below is all.
  const typed = () => ["pyworkflow ru", "pyworkflow runs list --status=pen", `pyworkflow runs status ${runs.failed.slice(0, -1)}`, `pyworkflow hooks info ${hook.runId}:`, `${program} runs stat`, "pyworkflow runs list --config pyworkflow_d"];

  test.skipIf(!isHere("zsh"))("zsh writes the same on its line, and paths where a path is meant", () => {
    const lines = answers("zsh", ["-f", "-c", zshDriver], typed()).map((line) => line.trimEnd());
    const token = `${hook.runId}:hook_approval_1`;
    expect(lines).toEqual(["pyworkflow runs", "pyworkflow runs list --status=pending", `pyworkflow runs status ${runs.failed}`, `pyworkflow hooks info ${token}`, `${program} runs status`, "pyworkflow runs list --config pyworkflow_data/"]);
  });

  test.skipIf(!isHere("fish"))("fish offers the same, and paths where a path is meant", () => {
    expect(answers("fish", ["--no-config", "-c", fishDriver], typed())).toEqual(["runs", "--status=pending", runs.failed, `${hook.runId}:hook_approval_1`, "status", "pyworkflow_data/"]);
  });

  test.each(["bash", "zsh", "fish"])("%s: it can be parsed where that shell is at hand, and asks the command that answers", (shell) => {
    const file = resolve("completions", `pyworkflow.${shell}`);
    expect(readFileSync(file, "utf8")).toContain("autocomplete words --");
    if (isHere(shell)) execFileSync(shell, ["-n", file]);
  });

  test("one is printed for the shell that is named, else for that of the person", async () => {
    const [named, own, json, none] = await Promise.all([
      pyworkflow(["autocomplete", "zsh"], { cwd }),
      pyworkflow(["autocomplete"], { cwd, env: { SHELL: "/usr/bin/fish" } }),
      pyworkflow(["autocomplete", "bash", "-o", "json"], { cwd }),
      pyworkflow(["autocomplete"], { cwd, env: { SHELL: "/bin/tcsh" } }),
    ]);
    expect(named).toEqual({ code: 0, stdout: readFileSync("completions/pyworkflow.zsh", "utf8"), stderr: "" });
    expect(own.stdout).toContain("complete -c pyworkflow");
    expect(JSON.parse(json.stdout)).toMatchObject({ shell: "bash" });
    expect([none.code, none.stdout, none.stderr]).toEqual([2, "", "Error: there is no completion for tcsh\n  name one of bash, zsh, fish\n"]);
  });
});
