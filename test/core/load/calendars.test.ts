import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calendarGate, calendarsNamed } from '../../../src/core/calendar/gate.ts';
import { instant } from '../../../src/core/model/brand.ts';
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
  assert.ok(codesOf(catalog).includes('calendar-syntax calendars/freeze.ics:1'));
  assert.equal(isOpen(catalog, '2026-07-06T12:00:00Z'), false);
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), true);
  assert.ok(catalog.invalid.get('calendars/freeze.ics')?.lastGood);
});

test('one that never was good is closed', () => {
  const catalog = history()(repository(BROKEN));
  assert.deepEqual([...catalog.calendars], []);
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), false);
});

test('a repaired calendar counts at once', () => {
  const revise = history();
  revise(repository(calendar('20260706')));
  revise(repository(BROKEN));
  const catalog = revise(repository(calendar('20260707')));
  assert.ok(!codesOf(catalog).some((code) => code.includes('calendars/')));
  assert.equal(isOpen(catalog, '2026-07-07T12:00:00Z'), false);
});
