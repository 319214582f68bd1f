/** Many seeds, one after the other: `node --import tsx test/simulation/seeds.ts --from N --count M`. */
import { parseArgs } from 'node:util';
import { play } from './play.ts';

const { values } = parseArgs({
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    situations: { type: 'boolean', default: false },
  },
});

const from = BigInt(values.from);
const situations = new Map<string, number>();
let events = 0;
let failed = 0;
const beganAt = performance.now();
for (let seed = from; seed < from + BigInt(values.count); seed++) {
  const played = await play(seed);
  events += played.events;
  for (const [name, times] of played.situations)
    situations.set(name, (situations.get(name) ?? 0) + times);
  if (played.failure === null) continue;
  failed += 1;
  console.log(`seed ${seed} (${played.events} events): ${played.failure.message}`);
}
const seconds = (performance.now() - beganAt) / 1000;
console.log(
  `${values.count} seeds, ${failed} failed, ${events} events in ${seconds.toFixed(1)} s: ${Math.round(events / seconds)}/s`,
);
if (values.situations) {
  for (const [name, times] of [...situations].sort())
    console.log(`${String(times).padStart(7)}  ${name}`);
}
process.exitCode = failed === 0 ? 0 : 1;
