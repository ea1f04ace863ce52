import { mkdtempSync, readdirSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** All that the tests write lies in one folder, which goes with them, also where one was ended before it could tidy up. Processes may not stay behind in it. */
export function setup(): () => Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pyworkflow-tests-")));
  process.env["TMPDIR"] = folder;
  return async () => {
    const left = await processesThatStay(folder);
    for (const pid of left) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
    if (left.length === 0) return;
    // What is thrown here is shown by vitest, and changes nothing.
    process.exitCode = 1;
    throw new Error(`the tests left ${left.length} processes behind`);
  };
}

// What was killed may be on its way.
async function processesThatStay(folder: string): Promise<readonly number[]> {
  for (let looks = 0; looks < 50 && processesIn(folder).length > 0; looks++) await pause(100);
  return processesIn(folder);
}

/** Their ids, where the system shows in which folder a process works. */
function processesIn(folder: string): readonly number[] {
  return processIds().filter((pid) => `${workingFolder(pid)}${sep}`.startsWith(`${folder}${sep}`));
}

function processIds(): readonly number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return ""; // it has ended, or belongs to somebody else
  }
}
