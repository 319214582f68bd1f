import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { calendarGate } from '../../../src/core/calendar/gate.ts';
import type { Instant } from '../../../src/core/model/brand.ts';
import { parseInstant } from '../../../src/core/model/brand.ts';
import { parseSchedule } from '../../../src/core/schedule/parse.ts';
import type { Schedule } from '../../../src/core/schedule/schedule.ts';
import { nextSlot } from '../../../src/core/schedule/schedule.ts';
import { read } from '../calendar/files.ts';
import { schedule } from './schedules.ts';

/** docs/schedules.md says what it says because it is so. */
const page = readFileSync(new URL('../../../docs/schedules.md', import.meta.url), 'utf8');

/** The rows of the tables whose head is `head`, as cells without their code marks. */
function rows(head: string): readonly (readonly string[])[] {
  const tables = page.split(/\n\n/).filter((part) => part.startsWith(`| ${head} |`));
  const found = tables.flatMap((table) =>
    table
      .trim()
      .split('\n')
      .slice(2)
      .map((row) =>
        row
          .slice(2, -2)
          .split(' | ')
          .map((cell) => cell.replaceAll('`', '').trim()),
      ),
  );
  assert.ok(found.length > 0, head);
  return found;
}

const at = (text: string): Instant => parseInstant(text) ?? assert.fail(text);
const shown = (slot: Instant | null): string =>
  slot === null ? 'never' : new Date(slot).toISOString().replace(':00.000Z', 'Z');

function next(of: Schedule, from: Instant, count: number): string {
  const slots: string[] = [];
  let after: Instant | null = from;
  while (after !== null && slots.length < count) {
    after = nextSlot(of, { after, anchor: from });
    slots.push(shown(after));
  }
  return slots.join(', ');
}

for (const [text = '', timezone = '', want] of rows('expression | zone | the next three')) {
  test(`docs/schedules.md: ${text} in ${timezone}`, () => {
    assert.equal(next(schedule(text, { timezone }), at('2026-03-27T12:00Z'), 3), want);
  });
}

for (const [text = '', timezone = '', from = '', want] of rows(
  'expression | zone | from | the next three',
)) {
  test(`docs/schedules.md: ${text} in ${timezone} from ${from}`, () => {
    assert.equal(next(schedule(text, { timezone }), at(from), 3), want);
  });
}

for (const [text = '', offset, since = '', want] of rows(
  'expression | offset | in effect since | the next two',
)) {
  test(`docs/schedules.md: ${text} plus ${offset} days since ${since}`, () => {
    assert.equal(next(schedule(text, { offsetDays: Number(offset) }), at(since), 2), want);
  });
}

for (const [text = '', verdict] of rows('expression | `strict: aws`')) {
  test(`docs/schedules.md: strict, ${text} is ${verdict}`, () => {
    const options = { timezone: 'UTC', offsetDays: null, applyOnlyAtCronInterval: false };
    assert.ok(parseSchedule(text, { ...options, strictAws: false }).ok);
    assert.equal(parseSchedule(text, { ...options, strictAws: true }).ok, verdict === 'accepted');
  });
}

const calendar = read(/```ics\n([\s\S]*?)```/.exec(page)?.[1] ?? assert.fail('no calendar'));
for (const [when = '', state, until] of rows('at | the calendar is | until')) {
  test(`docs/schedules.md: the calendar is ${state} at ${when}`, () => {
    const gate = calendarGate([calendar], at(when));
    assert.equal(gate.open ? 'open' : 'closed', state);
    assert.equal(shown(gate.until), until);
  });
}
