/** Random but possible histories of a small fleet: records in an order that the daemon could have written. */
import fc from 'fast-check';
import type { RunStatus } from '../../src/core/model/run.ts';
import type { Record } from '../../src/core/world/records.ts';
import {
  assigned,
  connected,
  executionOf,
  finished,
  foundation,
  inForce,
  minutesAfter,
  noon,
  registered,
  started,
} from './builders.ts';

type NodeFate = 'owed' | 'started' | RunStatus;
const fates: readonly NodeFate[] = ['owed', 'started', 'Success', 'Failed', 'TimedOut', 'Skipped'];

export type Round = { readonly fates: readonly NodeFate[]; readonly edited: boolean };

const round = (nodes: number): fc.Arbitrary<Round> =>
  fc.record({
    fates: fc.array(fc.constantFrom(...fates), { minLength: nodes, maxLength: nodes }),
    edited: fc.boolean(),
  });

/** Up to three associations over up to five nodes, each having fired up to four times. */
export const histories: fc.Arbitrary<readonly Record[]> = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 3 }))
  .chain(([nodes, associations]) =>
    fc
      .array(fc.array(round(nodes), { maxLength: 4 }), {
        minLength: associations,
        maxLength: associations,
      })
      .map((rounds) => historyOf(nodes, rounds)),
  );

function historyOf(nodes: number, associations: readonly (readonly Round[])[]): readonly Record[] {
  const numbers = Array.from({ length: nodes }, (_, at) => at + 1);
  const records: Record[] = [...foundation];
  for (const n of numbers) records.push(registered(n));
  for (const n of numbers) if (n % 2 === 1) records.push(connected(n));
  associations.forEach((rounds, which) => {
    const name = `assoc-${which}`;
    let generation = 0;
    records.push(inForce(name, `${name}.0`), assigned(name, numbers));
    rounds.forEach(({ fates: told, edited }, at) => {
      if (edited) records.push(inForce(name, `${name}.${++generation}`));
      const execution = executionOf(name, numbers, {
        generation: `${name}.${generation}`,
        occasion: `slot:2027-01-31T1${at}:00:00Z`,
        at: minutesAfter(noon, at),
        reason: 'its slot has come',
      });
      records.push(execution);
      told.forEach((fate, index) => {
        const n = index + 1;
        if (fate === 'owed') return;
        records.push(started(execution, n));
        if (fate !== 'started') records.push(finished(execution, n, { status: fate }));
      });
      const last = at === rounds.length - 1;
      if (!last) {
        records.push({
          kind: 'closed',
          execution: execution.id,
          reason: 'next-slot',
          at: minutesAfter(noon, at + 1),
        });
      }
    });
  });
  return records;
}
