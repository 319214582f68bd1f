/** A calendar that other programs read: RFC 5545 to the byte, and no event that changes because time has passed. */
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import ICAL from 'ical.js';
import { component, escapeText } from '../../../src/core/forecast/icalendar.ts';
import { forecastCalendar } from '../../../src/core/forecast/ics.ts';
import { localDay } from '../../../src/core/forecast/local-time.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, revision, TestFleet } from '../../fakes/fleet.ts';
import { foretell, HOUR } from './worlds.ts';

const specs: { readonly [name: string]: AssociationSpec } = {
  'half-hourly': { schedule: 'rate(30 minutes)' },
  'at-night': { schedule: 'cron(30 2 ? * * *)', timezone: 'Europe/Berlin', flag: true },
  'twice-a-day': { schedule: 'cron(0 6,18 ? * * *)', flag: true },
};
const ZONE = 'Europe/Berlin';

function calendarFrom(fleet: TestFleet, hours: number, loaded = revision(1, specs)): string {
  const options = { dayOf: (at: Parameters<typeof localDay>[0]) => localDay(at, ZONE) };
  const asked = { earlierSlots: 'fired' as const };
  const told = foretell(fleet, loaded, hours, { asked, options });
  return forecastCalendar(told, { instance: 'prod', zone: ZONE });
}

const eventsOf = (calendar: string): readonly string[] =>
  calendar.match(/BEGIN:VEVENT\r\n[\s\S]*?END:VEVENT\r\n/g) ?? [];

const running = (): TestFleet => {
  const fleet = new TestFleet().accept(revision(1, specs)).connect(1, 2, 3);
  fleet.runAll();
  return fleet.after(15 * MINUTE);
};

test('another program reads it, and every event is what the forecast says', () => {
  const parsed = new ICAL.Component(ICAL.parse(calendarFrom(running(), 48)) as unknown[]);
  const events = parsed
    .getAllSubcomponents('vevent')
    .map((each) => new ICAL.Event(each))
    .map((each) => `${each.startDate.toString()} ${each.summary}`);
  assert.deepEqual(events, [
    '2026-03-01 half-hourly, every 30 minutes on 3 nodes',
    '2026-03-01T18:00:00Z twice-a-day on 3 nodes',
    '2026-03-02 half-hourly, every 30 minutes on 3 nodes',
    '2026-03-02T01:30:00Z at-night on 3 nodes',
    '2026-03-02T06:00:00Z twice-a-day on 3 nodes',
    '2026-03-02T18:00:00Z twice-a-day on 3 nodes',
    '2026-03-03 half-hourly, every 30 minutes on 3 nodes',
    '2026-03-03T01:30:00Z at-night on 3 nodes',
    '2026-03-03T06:00:00Z twice-a-day on 3 nodes',
  ]);
});

test('no UID twice, every required property in every event', () => {
  const events = eventsOf(calendarFrom(running(), 24 * 30));
  const uids = events.map((event) => /^UID:(.*)\r$/m.exec(event)?.[1]);
  assert.equal(new Set(uids).size, events.length);
  for (const event of events) assert.match(event, /^DTSTAMP:\d{8}T\d{6}Z\r$/m);
});

test('the same events an hour or a night later, byte for byte, for what is still ahead', () => {
  const fleet = running();
  const before = new Set(eventsOf(calendarFrom(fleet, 24 * 14)));
  for (const hours of [1, 5, 9]) {
    fleet.now = instant(fleet.now + hours * HOUR);
    const later = eventsOf(calendarFrom(fleet, 24 * 7));
    assert.ok(later.length > 0);
    assert.deepEqual(
      later.filter((event) => !before.has(event)),
      [],
    );
  }
});

test('also for what is not merged yet: a cron keeps its events', () => {
  const fleet = new TestFleet();
  const flagged = revision(1, { 'at-night': specs['at-night'] ?? {} });
  const before = calendarFrom(fleet, 24 * 7, flagged);
  fleet.now = instant(fleet.now + 17 * MINUTE);
  assert.equal(calendarFrom(fleet, 24 * 7, flagged), before);
});

test('law: lines of at most 75 octets, CRLF, and a text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      const calendar = component('VCALENDAR', [{ name: 'SUMMARY', value: escapeText(text) }]);
      const lines = calendar.split('\r\n');
      assert.equal(lines.pop(), '');
      for (const line of lines) {
        assert.ok(Buffer.byteLength(line) <= 75);
        assert.doesNotMatch(line, /[\r\n]/);
      }
      const read = new ICAL.Component(ICAL.parse(calendar) as unknown[]);
      const plain = text.replace(/\r\n|\r/g, '\n').replace(/[^\n\P{Cc}]|[\u2028\u2029]/gu, ' ');
      assert.equal(read.getFirstPropertyValue('summary'), plain);
    }),
  );
});
