/** One seed again, told in full: `node --import tsx test/simulation/replay.ts --seed N [--steps K] [--plant NAME] [--last L]`. */
import { parseArgs } from 'node:util';
import { plants } from './plants.ts';
import { play } from './play.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    plant: { type: 'string' },
    last: { type: 'string', default: '200' },
  },
});

const lines: string[] = [];
const last = Number(values.last);
const played = await play(BigInt(values.seed ?? 1), {
  ...(values.steps === undefined ? {} : { steps: Number(values.steps) }),
  ...(values.plant === undefined ? {} : { plant: plants.get(values.plant)?.plant ?? {} }),
  onTrace: (line) => {
    lines.push(line);
    if (lines.length > 2 * last) lines.splice(0, last);
  },
});
for (const line of lines.slice(-last)) console.log(line);
console.log(
  `seed ${played.seed}: ${played.events} events, ${(played.virtualMs / 3_600_000).toFixed(1)} h`,
);
console.log(
  played.failure === null
    ? 'every promise was kept'
    : (played.failure.stack ?? played.failure.message),
);
process.exitCode = played.failure === null ? 0 : 1;
