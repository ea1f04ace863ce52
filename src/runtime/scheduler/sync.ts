import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../base/clock.js";
import { isObject } from "../../base/json.js";
import { pagesOf } from "../../base/pages.js";
import { defaults } from "../../core/defaults.js";
import { declaredScheduleId, runIdsInOrder, type RandomBytes, type ScheduleId } from "../../core/ids.js";
import type { RunSettings } from "../../core/run.js";
import { decideOwed, decideStopped } from "../../core/schedule/decide.js";
import { definitionOf, type Declaration, type DeclaredSchedule } from "../../core/schedule/definition.js";
import { newSchedule, redefined, resumed, stopped } from "../../core/schedule/due.js";
import type { LoadedSchedule, NewSchedule, ScheduleDefinition, ScheduleRecord, ScheduleState } from "../../core/schedule/schedule.js";
import { stateOf } from "../../core/schedule/state.js";
import type { Backend, ScheduleCommit } from "../../storage/backend.js";

export interface SyncParts {
  readonly backend: Pick<Backend, "createSchedule" | "getSchedule" | "listSchedules" | "loadSchedule" | "commitSchedules">;
  readonly clock: Pick<Clock, "now">;
  readonly random: RandomBytes;
}

/** `revived`: what was deleted because its declaration had gone is declared again. `refreshed`: it starts its runs with the settings that its workflow has now. */
export interface SyncChange {
  readonly scheduleId: ScheduleId;
  readonly did: "created" | "updated" | "revived" | "deleted" | "refreshed";
}

/**
 * Makes the stored schedules what the code says of its workflows; of others it knows nothing. A change of the code takes the place of the stored
 * definition, whoever changed that; a schedule that a hand paused or deleted stays paused or deleted. May be done by several at once; says what this
 * call did. Throws StorageError.
 */
export async function syncSchedules(parts: SyncParts, declarations: readonly Declaration[]): Promise<readonly SyncChange[]> {
  const changes: SyncChange[] = [];
  for (const declaration of declarations) {
    const did = await syncDeclared(parts, declaration);
    if (did !== undefined) changes.push({ scheduleId: declaredScheduleId(declaration.settings.workflowName), did });
    for (const scheduleId of await refreshSettings(parts, declaration.settings)) changes.push({ scheduleId, did: "refreshed" });
  }
  return changes;
}

async function syncDeclared(parts: SyncParts, declaration: Declaration): Promise<SyncChange["did"] | undefined> {
  const { backend, clock } = parts;
  const scheduleId = declaredScheduleId(declaration.settings.workflowName);
  for (;;) {
    const before = await backend.getSchedule(scheduleId);
    if (before === undefined) {
      if (declaration.schedule === undefined) return undefined;
      if (await backend.createSchedule(firstOf(scheduleId, declaration.settings, { ...declaration.schedule, createdAt: clock.now() }))) return "created";
      continue; // another worker was quicker
    }
    const did = wantedOf(before, declaration.schedule);
    if (did === undefined) return undefined;
    const loaded = await backend.loadSchedule(scheduleId, before.overlapPolicy);
    if (loaded?.schedule.version !== before.version) continue;
    const { isDone, ...commit } = changeOf(loaded, declaration, parts);
    const [result] = await backend.commitSchedules([commit]);
    if (result?.accepted && isDone) return did;
  }
}

function firstOf(scheduleId: ScheduleId, settings: RunSettings, { createdAt, ...schedule }: DeclaredSchedule & { readonly createdAt: number }): NewSchedule & ScheduleState {
  const definition = definitionOf(schedule.options, { settings, input: schedule.input, createdAt });
  return newSchedule({ ...definition, scheduleId, createdAt, declared: textOf(schedule) });
}

function wantedOf({ status, declared, withdrawnFrom }: ScheduleRecord, schedule: DeclaredSchedule | undefined): "updated" | "revived" | "deleted" | undefined {
  const isWithdrawn = withdrawnFrom !== undefined;
  if (schedule === undefined) return status === "deleted" || declared === undefined || isWithdrawn ? undefined : "deleted";
  if (isWithdrawn) return status === "deleted" ? "revived" : "updated";
  return declared === textOf(schedule) ? undefined : "updated";
}

/** One step towards what the code says; `isDone` with the last of them. */
function changeOf(loaded: LoadedSchedule, { settings, schedule }: Declaration, { clock, random }: SyncParts): ScheduleCommit & { readonly isDone: boolean } {
  const before = loaded.schedule;
  const { scheduleId, createdAt, version } = before;
  const now = clock.now();
  if (schedule === undefined) {
    const decision = decideStopped(loaded, "deleted", now);
    const isDone = decision.state.status === "deleted";
    const withdrawnFrom = before.status === "paused" ? "paused" : "active";
    return { scheduleId, now, ...decision, isDone, ...(isDone && { state: { ...decision.state, withdrawnFrom } }) };
  }
  const owed = decideOwed(loaded, { now, newRunId: runIdsInOrder(now, random) });
  if (owed !== undefined) return { scheduleId, now, ...owed, isDone: false };
  const definition = { ...definitionOf(schedule.options, { settings, input: schedule.input, createdAt }), declared: textOf(schedule) };
  return { scheduleId, version, now, definition, state: stateWith(definition, before, now), ticks: [], create: [], cancel: [], isDone: true };
}

function stateWith(definition: ScheduleDefinition, before: ScheduleRecord, now: number): ScheduleState {
  const schedule = { ...before, withdrawnFrom: undefined };
  if (before.status === "deleted" && before.withdrawnFrom === "active") return resumed({ ...schedule, ...definition }, now);
  if (before.status === "deleted" && before.withdrawnFrom === "paused") return stopped(schedule, "paused", now);
  return redefined(schedule, definition, now);
}

/** The declaration as text. The order in which somebody writes options says nothing. */
function textOf({ options, input }: DeclaredSchedule): string {
  return JSON.stringify({ options, input }, (_key, value: unknown) => (isObject(value) && !Array.isArray(value) ? sorted(value) : value));
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function refreshSettings({ backend, clock }: SyncParts, settings: RunSettings): Promise<readonly ScheduleId[]> {
  const { workflowName } = settings;
  const isStale = (schedule: ScheduleRecord) => !isDeepStrictEqual(schedule.settings, settings);
  const refreshed: ScheduleId[] = [];
  const pages = pagesOf<ScheduleRecord>(defaults.schedule.dueMax, (last, limit) => backend.listSchedules({ workflowName, limit, ...(last && { before: last.scheduleId }) }));
  for await (const page of pages) {
    for (let stale = page.filter(isStale); stale.length > 0; ) {
      const results = await backend.commitSchedules(stale.map((schedule) => refreshing(schedule, settings, clock.now())));
      refreshed.push(...stale.filter((_schedule, index) => results[index]?.accepted).map(({ scheduleId }) => scheduleId));
      const refused = stale.filter((_schedule, index) => !results[index]?.accepted);
      const again = await Promise.all(refused.map(({ scheduleId }) => backend.getSchedule(scheduleId)));
      stale = again.filter((schedule) => schedule !== undefined).filter(isStale);
    }
  }
  return refreshed;
}

function refreshing(schedule: ScheduleRecord, settings: RunSettings, now: number): ScheduleCommit {
  const { scheduleId, version } = schedule;
  return { scheduleId, version, now, definition: { ...definitionIn(schedule), settings }, state: stateOf(schedule), ticks: [], create: [], cancel: [] };
}

function definitionIn({ spec, overlapPolicy, catchup, catchupWindowMs, description, input, settings }: ScheduleRecord): ScheduleDefinition {
  return { spec, overlapPolicy, catchup, catchupWindowMs, input, settings, ...(description !== undefined && { description }) };
}
