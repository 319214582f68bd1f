/**
 * The longest stretch in which the event loop is held: by a slot of one association on every node, and by a question about the
 * whole fleet (`associations list`, `status`), 20 associations on each node. Yardstick beside it: the same in one go, as it
 * was before the work was cut into slices. In processor time, garbage collection with it. Aim: below 50 ms each.
 *
 *   node --import tsx bench/one-stretch.ts [--nodes 10000]
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runIdOf } from '../src/core/canonical/occasion.ts';
import { assess } from '../src/core/compliance/assess.ts';
import { instant } from '../src/core/model/brand.ts';
import { advance } from '../src/core/world/advance.ts';
import { boundWaiting, waitingOf } from '../src/core/world/waiting.ts';
import { lookAt } from '../src/reconcile/look.ts';
import type { AssociationSpec } from '../test/fakes/fleet.ts';
import { definition, MINUTE, named, node, revision, TestFleet } from '../test/fakes/fleet.ts';

const { values } = parseArgs({ options: { nodes: { type: 'string', default: '10000' } } });
const nodeCount = Number(values.nodes);
const PER_NODE = 20;
const numbers = Array.from({ length: nodeCount }, (_, n) => n + 1);
const everywhere = Object.fromEntries(numbers.map((n) => [n, {}]));
const slotted: AssociationSpec = { schedule: 'cron(*/10 * * * ? *)', flag: true };

/** Processor time of this process, so that others who work on the machine do not count. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function timed(what: () => unknown): number {
  const start = cpuMs();
  what();
  return cpuMs() - start;
}

function report(name: string, fields: { readonly [key: string]: number }): void {
  console.log(JSON.stringify({ bench: 'one-stretch', name, nodes: nodeCount, ...fields }));
}

/** Passes from the slot on until its runs are open: the longest of them. */
function slot(): { readonly longestMs: number; readonly passes: number } {
  const fleet = new TestFleet().accept(revision(1, { all: slotted }, everywhere));
  fleet.connect(...numbers);
  const now = instant(fleet.now + 10 * MINUTE);
  let longestMs = 0;
  for (let passes = 1; ; passes++) {
    const start = cpuMs();
    const { records } = advance(fleet.world, [], now);
    longestMs = Math.max(longestMs, cpuMs() - start);
    if (records.some(({ kind }) => kind === 'execution')) return { longestMs, passes };
  }
}

function hashes(): number {
  const { generation } = definition('all', slotted).digests;
  return timed(() => {
    for (const n of numbers)
      runIdOf(node(n), named('all'), generation, 'slot:2026-03-01T12:10:00Z');
  });
}

/** What another waits for while somebody asks: the longest time between two turns. */
async function question(fleet: TestFleet): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  const wait = async (): Promise<void> => {
    for (let last = cpuMs(); !isOver; ) {
      await nextTurn();
      const now = cpuMs();
      longestMs = Math.max(longestMs, now - last);
      last = now;
    }
  };
  const waiting = wait();
  const clock = { now: () => fleet.now, monotonicMs: () => performance.now() };
  await lookAt(fleet.world, clock, new AbortController().signal);
  isOver = true;
  await waiting;
  return longestMs;
}

slot(); // warm
const { longestMs, passes } = slot();
report('a slot of one association on every node', { longestMs, passes, idsInOneGoMs: hashes() });

const specs = Object.fromEntries(
  Array.from({ length: PER_NODE }, (_, n): [string, AssociationSpec] => [`assoc-${n}`, {}]),
);
const fleet = new TestFleet().accept(revision(1, specs, everywhere));
const { world } = fleet;
await question(fleet); // warm
report('a question about the whole fleet', {
  longestMs: await question(fleet),
  inOneGoMs: timed(() =>
    assess({
      now: fleet.now,
      state: world.state,
      definitions: world.revision?.definitions ?? new Map(),
      nodes: world.fleet.nodes,
      boundWaiting: (name) => boundWaiting(world, name),
      waitingOf: (execution, run) => waitingOf(world, execution, run),
    }),
  ),
});
