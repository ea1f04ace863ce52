import { expect, test } from "vitest";
import { deferred } from "../../src/base/deferred.js";
import { timerHeartbeat } from "../../src/runtime/worker/heartbeat.js";
import { Lease } from "../../src/runtime/worker/lease.js";
import { ManualClock, settle } from "../support/manual-clock.js";

const leaseMs = 15_000;

function start(answer: () => Promise<boolean> = async () => true) {
  const clock = new ManualClock();
  const beats: number[] = [];
  let deaths = 0;
  const beat = (now: number) => {
    beats.push(now);
    return answer();
  };
  const heartbeat = timerHeartbeat({ beat, clock, everyMs: leaseMs / 5 })({
    onAlive: () => lease.renewed(),
    onDead: () => {
      deaths++;
      lease.lost();
    },
  });
  const lease = new Lease(heartbeat, leaseMs);
  return { clock, beats, heartbeat, lease, deaths: () => deaths };
}

test("it beats five times in a lease, and steps may start all along", async () => {
  const { clock, beats, lease } = start();
  for (let second = 0; second < 60; second++) {
    await clock.pass(1000);
    expect(lease.mayStart()).toBe(true);
  }
  expect(beats).toHaveLength(20);
});

test("a wall clock that jumps an hour costs one question, and steps go on", async () => {
  const { clock, beats, lease } = start();
  await clock.pass(1000);
  clock.jump(3_600_000);
  const asked = [lease.mayStart(), lease.mayStart()];
  expect(asked).not.toContain(true);
  expect(await Promise.all(asked.map(async (answer) => answer))).toEqual([true, true]);
  expect(beats).toHaveLength(1);
  expect(lease.mayStart()).toBe(true);
  clock.jump(-7_200_000);
  expect(lease.mayStart()).toBe(true);
});

test("after a stop longer than the lease no step starts before the store has answered", async () => {
  const answer = deferred<boolean>();
  const { clock, lease } = start(() => answer.promise);
  clock.stand(leaseMs);
  const asked = lease.mayStart();
  await settle();
  expect(asked).not.toBe(true);
  answer.resolve(true);
  // The beat began now: the lease is as good as new.
  expect(await asked).toBe(true);
});

test("a worker that was declared dead meanwhile starts nothing, ever", async () => {
  const { clock, lease, deaths } = start(async () => false);
  clock.stand(leaseMs);
  expect(await lease.mayStart()).toBe(false);
  expect(await lease.mayStart()).toBe(false);
  expect(deaths()).toBe(1);
});

test("a store that fails to answer is asked again, and steps wait", async () => {
  let fails = true;
  const { clock, beats, lease } = start(async () => {
    if (fails) throw new RangeError("the disk is away");
    return true;
  });
  await clock.pass(leaseMs);
  const asked = lease.mayStart();
  expect(asked).not.toBe(true);
  fails = false;
  await clock.pass(leaseMs / 5);
  expect(await asked).toBe(true);
  expect(beats.length).toBeGreaterThan(5);
});

test("after stop it beats no more", async () => {
  const { clock, beats, heartbeat } = start();
  await clock.pass(leaseMs);
  const before = beats.length;
  await heartbeat.stop();
  heartbeat.beatNow();
  await clock.pass(leaseMs);
  expect(beats).toHaveLength(before);
});
