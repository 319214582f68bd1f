/** Events per second of the simulator: the real core, journals and agents in one thread (goal: 20,000 on one core). */
import { play } from '../test/simulation/play.ts';

const seeds = Number(process.argv[2] ?? 40);
const goal = 20_000;
let events = 0;
let virtualMs = 0;
const beganAt = performance.now();
for (let seed = 1n; seed <= seeds; seed++) {
  const played = await play(seed);
  events += played.events;
  virtualMs += played.virtualMs;
}
const seconds = (performance.now() - beganAt) / 1000;
const perSecond = Math.round(events / seconds);
console.log(
  `${seeds} seeds, ${events} events, ${(virtualMs / 3_600_000).toFixed(0)} h of virtual time in ${seconds.toFixed(1)} s`,
);
console.log(`${perSecond} events/s, ${(perSecond / goal).toFixed(2)} × the goal of ${goal}`);
