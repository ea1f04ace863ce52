import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newFolder } from "../support/cli.js";
import { hasTerminals, keys, onTerminal, type Terminal } from "../support/pty.js";

let folder: ReturnType<typeof newFolder>;

beforeEach(() => {
  folder = newFolder();
});
afterEach(() => folder.remove());

describe.skipIf(!hasTerminals)("quickstart on a terminal", () => {
  test.each([80, 40])("asks what the flags don't say; Enter takes the defaults (%i columns)", async (columns) => {
    const terminal = quickstart(columns);
    await terminal.sees("What should it be?");
    expect(terminal.screen().join("\n")).toMatchSnapshot("the menu");
    terminal.type(keys.enter);
    await terminal.sees("Folder of the new project");
    terminal.type(keys.enter);

    expect(await terminal.ended).toBe(0);
    expect(terminal.screen().join("\n")).toMatchSnapshot("the end");
    expect(read("workflows/orders.ts")).toContain("process_order");
  });

  test("takes another template and another folder; a flag leaves its question out", async () => {
    const chosen = quickstart(80);
    await chosen.sees("What should it be?");
    chosen.type(keys.down + keys.enter);
    await chosen.sees("Folder of the new project");
    chosen.type(`expenses${keys.enter}`);
    expect(await chosen.ended).toBe(0);
    expect(read("expenses/workflows/expenses.ts")).toContain("approve_expense");

    const flagged = quickstart(80, "--template", "schedule", "--dir", "reports");
    expect(await flagged.ended).toBe(0);
    expect(read("reports/workflows/reports.ts")).toContain("sales_report");
  });

  test("Ctrl+C at a question leaves nothing behind, and it can be begun again", async () => {
    const terminal = quickstart(80);
    await terminal.sees("What should it be?");
    terminal.type(keys.enter);
    await terminal.sees("Folder of the new project");
    terminal.type(keys.interrupt);
    expect(await terminal.ended).toBe(130);
    expect(terminal.shown()).toContain("nothing was done yet");
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test("asks before it replaces: No changes nothing, Yes keeps a backup", async () => {
    writeFileSync(join(folder.path, "pyworkflow.config.yaml"), "module: mine\n");
    const no = quickstart(80, "--template", "basic", "--dir", ".");
    await no.sees("keeping a backup?");
    no.type(keys.enter);
    expect(await no.ended).toBe(5);
    expect(readdirSync(folder.path)).toEqual(["pyworkflow.config.yaml"]);

    const yes = quickstart(80, "--template", "basic", "--dir", ".");
    await yes.sees("keeping a backup?");
    yes.type(`y${keys.enter}`);
    expect(await yes.ended).toBe(0);
    expect(read("pyworkflow.config.yaml.backup")).toBe("module: mine\n");
    expect(existsSync(join(folder.path, "workflows/index.ts"))).toBe(true);
  });
});

function quickstart(columns: number, ...flags: readonly string[]): Terminal {
  return onTerminal(["quickstart", ...flags], { cwd: folder.path, columns, rows: 40, env: { NO_COLOR: "1" } });
}

function read(path: string): string {
  return readFileSync(join(folder.path, path), "utf8");
}
