/**
 * A pass over a large fleet: nothing changed (budget ≤ 10 ms), one association edited, everything run once. 10,000 nodes ×
 * 20 associations each, 1,000 associations in all. Yardstick beside it: one walk over all assignments (`planFull`), which is
 * what a pass would cost without an index.
 *
 *   node --import tsx bench/pass.ts [--nodes 10000] [--associations 1000]
 */
import { parseArgs } from 'node:util';
import { nodesOf } from '../src/core/enrol/nodes.ts';
import { planFull } from '../src/core/plan/full.ts';
import { advance } from '../src/core/world/advance.ts';
import type { AssociationSpec } from '../test/fakes/fleet.ts';
import { revision, TestFleet } from '../test/fakes/fleet.ts';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '10000' },
    associations: { type: 'string', default: '1000' },
  },
});
const nodeCount = Number(values.nodes);
const associationCount = Number(values.associations);
const PER_NODE = 20;
const pools = Math.max(1, Math.floor(associationCount / PER_NODE));

const nodes = Object.fromEntries(
  Array.from({ length: nodeCount }, (_, n) => [n + 1, { pool: String(n % pools) }]),
);
const specs: { [name: string]: AssociationSpec } = Object.fromEntries(
  Array.from({ length: associationCount }, (_, n) => [
    `assoc-${String(n).padStart(5, '0')}`,
    {
      schedule: 'rate(30 minutes)',
      maxConcurrency: '100%',
      targets: [{ kind: 'tag', key: 'pool', values: [String(n % pools)] }],
    },
  ]),
);

function timed<Value>(what: () => Value): { readonly ms: number; readonly value: Value } {
  const start = performance.now();
  const value = what();
  return { ms: performance.now() - start, value };
}

function report(name: string, fields: { readonly [key: string]: number | string }): void {
  console.log(JSON.stringify({ bench: 'pass', name, ...fields }));
}

const first = revision(1, specs, nodes);
const fleet = new TestFleet();
const accepted = timed(() => fleet.accept(first));
report('accept everything', { ms: accepted.ms, assignments: nodeCount * PER_NODE });
const connected = timed(() => fleet.connect(...Array.from({ length: nodeCount }, (_, n) => n + 1)));
report('connect everyone', { ms: connected.ms });
const ran = timed(() => fleet.runAll().length);
report('run everything once', {
  ms: ran.ms,
  runs: ran.value,
  usPerRun: (ran.ms * 1000) / ran.value,
});

const { world } = fleet;
const idle: number[] = [];
for (let i = 0; i < 1_000; i++) idle.push(timed(() => advance(world, [], fleet.now)).ms);
idle.sort((a, b) => a - b);
const full = timed(() =>
  planFull({
    state: world.state,
    catalog: first.catalog,
    definitions: first.definitions,
    nodes: nodesOf(first.catalog, world.state),
  }),
);
const p99 = idle[Math.floor(idle.length * 0.99)] ?? 0;
report('nothing changed', { p50Ms: idle[500] ?? 0, p99Ms: p99, maxMs: idle.at(-1) ?? 0 });
report('yardstick: walk everything', { ms: full.ms });

const edited = { ...specs, 'assoc-00000': { ...specs['assoc-00000'], document: 'v2' } };
const second = revision(2, edited, nodes);
const one = timed(() => fleet.accept(second));
report('one association edited', { ms: one.ms, jobs: fleet.takeJobs().length });
report('memory', { rssMiB: Math.round(process.memoryUsage().rss / 2 ** 20) });
console.log(
  `pass with nothing changed: p99 ${p99.toFixed(3)} ms (budget 10 ms), ${(p99 / full.ms).toFixed(5)} of one walk over everything (${full.ms.toFixed(0)} ms)`,
);
