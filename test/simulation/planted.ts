/** How soon is each planted mistake found? `node --import tsx test/simulation/planted.ts [--seeds 500] [--only NAME]`. */
import { parseArgs } from 'node:util';
import { plants } from './plants.ts';
import { play } from './play.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '500' },
    only: { type: 'string' },
    from: { type: 'string', default: '1' },
  },
});

const from = BigInt(values.from);
let missed = 0;
for (const { name, plant } of plants.values()) {
  if (values.only !== undefined && !name.includes(values.only)) continue;
  let seed = from;
  let failure: Error | null = null;
  for (; seed < from + BigInt(values.seeds) && failure === null; seed++) {
    ({ failure } = await play(seed, { plant }));
  }
  if (failure === null) missed += 1;
  const told =
    failure === null ? 'NOT FOUND' : `seed ${seed - 1n}: ${failure.message.slice(0, 100)}`;
  console.log(`${name.padEnd(60)} ${told}`);
}
process.exitCode = missed === 0 ? 0 : 1;
