/**
 * Events per second of the simulator: the real core, journals and agents in one thread (goal: 20,000 on one core), by wall time
 * and by processor time, which counts on a machine that has other work. The first stories warm the compiler and do not count. The
 * yardstick is the timeline alone, whose events do nothing.
 * `node --max-semi-space-size=64 --import tsx bench/simulate.ts [stories]`
 */
import { createTimeline } from '../src/simulate/timeline.ts';
import { play } from '../test/simulation/play.ts';

const stories = Number(process.argv[2] ?? 100);
const WARM_UP = 15;
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

for (let seed = 1n; seed <= WARM_UP; seed++) await play(seed);

let events = 0;
let virtualMs = 0;
const beganAt = performance.now();
const before = process.cpuUsage();
for (let seed = 1n; seed <= stories; seed++) {
  const played = await play(seed);
  events += played.events;
  virtualMs += played.virtualMs;
}
const seconds = (performance.now() - beganAt) / 1000;
const { user, system } = process.cpuUsage(before);
const bare = await bareEventsPerSecond();

console.log(
  `${stories} stories, ${events} events, ${(virtualMs / 3_600_000).toFixed(0)} h of virtual time`,
);
console.log(`wall time:      ${told(events / seconds)}`);
console.log(`processor time: ${told(events / ((user + system) / 1e6))}`);
console.log(
  `a timeline alone: ${Math.round(bare)} events/s, ${(bare / (events / seconds)).toFixed(0)} × as many`,
);
