export { openTestEngine } from "./test-engine.js";
export type { PendingHook, TestEngine, TestEngineOptions } from "./test-engine.js";
export type { HookStandIns, StepStandIns } from "./stand-ins.js";
export { replayHistory } from "./replay-history.js";
export type { StoredHistory } from "../engine/replay-run.js";
