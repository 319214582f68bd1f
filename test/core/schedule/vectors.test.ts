import assert from 'node:assert/strict';
import { parseInstant } from '../../../src/core/model/brand.ts';
import { parseSchedule } from '../../../src/core/schedule/parse.ts';
import { nextSlot } from '../../../src/core/schedule/schedule.ts';
import type { VectorCase } from '../document/vectors.ts';
import { testVectors } from '../document/vectors.ts';

type ScheduleCase = VectorCase & {
  readonly input: { readonly expression: string; readonly from: string; readonly count: number };
  /** The agent's own words for an error are not ours: State Manager's are, and parse.test.ts has these. */
  readonly expected: { readonly result?: readonly string[]; readonly error?: string };
};

/** The agent counts a rate from the last finish, which here is the anchor; its first intervals are the same. */
testVectors<ScheduleCase>('schedule-expressions', ({ input, expected }) => {
  const parsed = parseSchedule(input.expression, {
    timezone: 'UTC',
    strictAws: false,
    offsetDays: null,
    applyOnlyAtCronInterval: /^at/i.test(input.expression),
  });
  assert.equal(parsed.ok, expected.error === undefined, JSON.stringify(parsed));
  if (!parsed.ok) return;
  const anchor = parseInstant(input.from) ?? assert.fail(input.from);
  const slots: string[] = [];
  let at: typeof anchor | null = anchor;
  while (at !== null && slots.length < (expected.result?.length ?? 0)) {
    at = nextSlot(parsed.value, { after: at, anchor });
    slots.push(at === null ? '' : new Date(at).toISOString().replace('.000Z', 'Z'));
  }
  assert.deepEqual(slots, expected.result);
});
