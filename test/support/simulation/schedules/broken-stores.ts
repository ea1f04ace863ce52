import type { ScheduleId } from "../../../../src/core/ids.js";
import type { LoadedSchedule } from "../../../../src/core/schedule/schedule.js";
import type { Backend, ScheduleCommit } from "../../../../src/storage/backend.js";

/** A store that takes what was decided about a schedule whatever has become of it meanwhile. */
export function ignoringVersions(store: Backend): Backend {
  const current = async (commit: ScheduleCommit) => ({ ...commit, version: (await store.getSchedule(commit.scheduleId))?.version ?? commit.version });
  return { ...store, commitSchedules: async (batch) => store.commitSchedules(await Promise.all(batch.map(current))) };
}

/** A store that gives what is buffered in the wrong order. */
export function turningTheLine(store: Backend): Backend {
  const turned = (loaded: LoadedSchedule): LoadedSchedule => ({ ...loaded, buffered: loaded.buffered.toReversed() });
  return {
    ...store,
    loadSchedule: async (scheduleId, policy) => {
      const loaded = await store.loadSchedule(scheduleId, policy);
      return loaded && turned(loaded);
    },
    dueSchedules: async (now, limit) => {
      const { due, ...rest } = await store.dueSchedules(now, limit);
      return { ...rest, due: due.map(turned) };
    },
  };
}

/** A store in which the end of a run does not raise the version of its schedule. */
export function hidingEnds(store: Backend): Backend {
  const hidden = new Map<ScheduleId, number>();
  const shown = <S extends { readonly scheduleId: ScheduleId; readonly version: number }>(schedule: S): S => ({ ...schedule, version: schedule.version - (hidden.get(schedule.scheduleId) ?? 0) });
  const hide = async <T>(act: () => Promise<T>): Promise<T> => {
    const before = await store.listSchedules({ limit: 100 });
    const result = await act();
    for (const { scheduleId, version } of before) {
      const raised = ((await store.getSchedule(scheduleId))?.version ?? version) - version;
      hidden.set(scheduleId, (hidden.get(scheduleId) ?? 0) + raised);
    }
    return result;
  };
  return {
    ...store,
    commit: (batch) => hide(() => store.commit(batch)),
    loseWorker: (loss) => hide(() => store.loseWorker(loss)),
    getSchedule: async (scheduleId) => {
      const schedule = await store.getSchedule(scheduleId);
      return schedule && shown(schedule);
    },
    loadSchedule: async (scheduleId, policy) => {
      const loaded = await store.loadSchedule(scheduleId, policy);
      return loaded && { ...loaded, schedule: shown(loaded.schedule) };
    },
    dueSchedules: async (now, limit) => {
      const { due, ...rest } = await store.dueSchedules(now, limit);
      return { ...rest, due: due.map((loaded) => ({ ...loaded, schedule: shown(loaded.schedule) })) };
    },
    commitSchedules: (batch) => store.commitSchedules(batch.map((commit) => ({ ...commit, version: commit.version + (hidden.get(commit.scheduleId) ?? 0) }))),
  };
}
