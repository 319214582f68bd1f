/**
 * Events per second of the simulator: the real core, journals and agents in one thread (goal: 20,000 on one core), by wall time
 * and by processor time, which counts on a machine that has other work. The first stories warm the compiler and do not count.
 * `node --max-semi-space-size=64 --import tsx bench/simulate.ts [stories]`
 */
import { play } from '../test/simulation/play.ts';

const stories = Number(process.argv[2] ?? 100);
const WARM_UP = 15;
const goal = 20_000;
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
const { user, system } = process.cpuUsage(before);
const told = (seconds: number): string => {
  const perSecond = Math.round(events / seconds);
  return `${perSecond} events/s, ${(perSecond / goal).toFixed(2)} × the goal of ${goal}`;
};
console.log(
  `${stories} stories, ${events} events, ${(virtualMs / 3_600_000).toFixed(0)} h of virtual time`,
);
console.log(`wall time:      ${told((performance.now() - beganAt) / 1000)}`);
console.log(`processor time: ${told((user + system) / 1e6)}`);
