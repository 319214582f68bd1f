/**
 * Events per second of the simulator: the real core, journals and agents in one thread (goal: 20,000 on one core), by wall time
 * and by processor time, which counts on a machine that has other work. The stories are played twice: the compiler of a process that has just
 * begun needs a minute for so much code. The yardstick is the timeline alone, whose events do nothing.
 * `node bench/simulate.ts [stories]` where Node reads TypeScript itself (from 22.18 on), elsewhere `node --import tsx …`, whose way of
 * naming functions costs an eighth.
 */
import { createTimeline } from '../src/simulate/timeline.ts';
import { play } from '../test/simulation/play.ts';

const stories = Number(process.argv[2] ?? 100);
const BARE_EVENTS = 300_000;
const goal = 20_000;

const told = (perSecond: number): string =>
  `${Math.round(perSecond)} events/s, ${(perSecond / goal).toFixed(2)} × the goal of ${goal}`;

async function bareEventsPerSecond(): Promise<number> {
  const timeline = createTimeline();
  const nothing = (): void => {
    if (timeline.count < BARE_EVENTS) timeline.after(1, 'nothing', nothing);
  };
  timeline.after(0, 'nothing', nothing);
  const beganAt = performance.now();
  await timeline.run(Number.POSITIVE_INFINITY);
  return timeline.count / ((performance.now() - beganAt) / 1000);
}

type Pace = {
  readonly events: number;
  readonly virtualMs: number;
  readonly perWall: number;
  readonly perProcessor: number;
};

async function playAll(): Promise<Pace> {
  let events = 0;
  let virtualMs = 0;
  const beganAt = performance.now();
  const before = process.cpuUsage();
  for (let seed = 1n; seed <= stories; seed++) {
    const played = await play(seed);
    events += played.events;
    virtualMs += played.virtualMs;
  }
  const { user, system } = process.cpuUsage(before);
  return {
    events,
    virtualMs,
    perWall: (events / (performance.now() - beganAt)) * 1e3,
    perProcessor: (events / (user + system)) * 1e6,
  };
}

const fresh = await playAll();
const warm = await playAll();
const bare = await bareEventsPerSecond();

console.log(
  `${stories} stories, ${warm.events} events, ${(warm.virtualMs / 3_600_000).toFixed(0)} h of virtual time`,
);
console.log(`wall time:      ${told(warm.perWall)}; ${told(fresh.perWall)} the first time`);
console.log(
  `processor time: ${told(warm.perProcessor)}; ${told(fresh.perProcessor)} the first time`,
);
console.log(
  `a timeline alone: ${Math.round(bare)} events/s, ${(bare / warm.perWall).toFixed(0)} × as many`,
);
