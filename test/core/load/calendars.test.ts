import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarGate, calendarsNamed } from '../../../src/core/calendar/gate.ts';
import { associationName, instant } from '../../../src/core/model/brand.ts';
import type { Catalog } from '../../../src/core/model/catalog.ts';
import { codesOf, history, SAY, says } from './repository.ts';

const calendar = (day: string, type = 'DEFAULT_OPEN'): string =>
  [
    'BEGIN:VCALENDAR',
    `X-CALENDAR-TYPE:${type}`,
    'BEGIN:VEVENT',
    `DTSTART;VALUE=DATE:${day}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ].join('\n');
const BROKEN = 'BEGIN:VCALENDAR';
const repository = (ics: string | null, more: { readonly [path: string]: string } = {}) => ({
  'documents/Say.yaml': SAY,
  'associations/a.yaml': says('one', 'CalendarNames: [freeze]\n'),
  ...(ics === null ? {} : { 'calendars/freeze.ics': ics }),
  ...more,
});
const isOpen = (catalog: Catalog, day: string): boolean =>
  calendarGate(calendarsNamed(['freeze'], catalog.calendars), instant(Date.parse(day))).open;

test('a calendar is loaded, by the name of its file', () => {
  const catalog = history()(repository(calendar('20260706')));
  assert.deepEqual([...catalog.calendars.keys()], ['freeze']);
  assert.equal(isOpen(catalog, '2026-07-06T12:00:00Z'), false);
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), true);
});

test('a day without a zone is one of defaults.timezone', () => {
  const settings = { 'reconciled.yaml': 'defaults: { timezone: Pacific/Auckland }\n' };
  const catalog = history()(repository(calendar('20260706'), settings));
  assert.equal(isOpen(catalog, '2026-07-05T12:00:00Z'), false);
  assert.equal(isOpen(catalog, '2026-07-06T12:00:00Z'), true);
});

test('a calendar that breaks keeps its last good content, and says so', () => {
  const revise = history();
  revise(repository(calendar('20260706')));
  const catalog = revise(repository(BROKEN));
  assert.deepEqual(codesOf(catalog), ['calendar-syntax calendars/freeze.ics:1']);
  assert.equal(
    catalog.invalidAssociations.get(associationName('one')),
    'calendars/freeze.ics is not valid',
  );
  assert.equal(isOpen(catalog, '2026-07-06T12:00:00Z'), false);
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), true);
  assert.ok(catalog.invalid.get('calendars/freeze.ics')?.lastGood);
});

test('one that never was good is closed, and keeps what names it out of force', () => {
  const catalog = history()(repository(BROKEN));
  assert.deepEqual([...catalog.associations], []);
  assert.deepEqual(codesOf(catalog), ['calendar-syntax calendars/freeze.ics:1']);
  assert.deepEqual([...catalog.calendars], []);
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), false);
});

test('a repaired calendar counts at once', () => {
  const revise = history();
  revise(repository(calendar('20260706')));
  revise(repository(BROKEN));
  const catalog = revise(repository(calendar('20260707')));
  assert.deepEqual(codesOf(catalog), []);
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), false);
});

test('a calendar removed while named stays in force, and goes with the association', () => {
  const revise = history();
  revise(repository(calendar('20260706')));
  for (let i = 0; i < 2; i++) {
    const catalog = revise(repository(null));
    assert.deepEqual(codesOf(catalog), [
      'unknown-calendar associations/a.yaml:5',
      'removed-but-needed calendars/freeze.ics:1',
    ]);
    assert.equal(isOpen(catalog, '2026-07-06T12:00:00Z'), false);
    assert.equal(catalog.associations.size, 1);
  }
  assert.deepEqual([...revise({ 'documents/Say.yaml': SAY }).calendars], []);
});

test('the names of an association are those of its calendars, in order', () => {
  const catalog = history()(
    repository(calendar('20260706'), {
      'associations/a.yaml': says('one', 'CalendarNames: [freeze, window]\n'),
      'calendars/window.ics': calendar('20260706', 'DEFAULT_CLOSED'),
    }),
  );
  const [association] = catalog.associations.values();
  assert.deepEqual(association?.calendarNames, ['freeze', 'window']);
  assert.deepEqual(codesOf(catalog), []);
});
