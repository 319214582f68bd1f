import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../../src/core/model/brand.ts';
import { openZone } from '../../../src/core/schedule/zone.ts';
import { nearestZoneName } from '../../../src/core/schedule/zone-names.ts';
import { runs } from '../../fakes/runs.ts';

test('openZone knows IANA names in any letter case, links too, and nothing else', () => {
  assert.equal(openZone('Europe/Berlin')?.name, 'Europe/Berlin');
  assert.equal(openZone('europe/berlin'), openZone('Europe/Berlin'));
  assert.equal(openZone('utc')?.name, 'UTC');
  assert.ok(openZone('Asia/Calcutta'));
  assert.ok(openZone('Etc/GMT+5'));
  for (const name of [
    '',
    '+02:00',
    '-08',
    'CEST',
    'Mars/Base',
    'Europe/Berlin ',
    '../etc/localtime',
  ]) {
    assert.equal(openZone(name), null, name);
  }
});

test('nearestZoneName: by city, by spelling, or not at all', () => {
  assert.equal(nearestZoneName('Berlin'), 'Europe/Berlin');
  assert.equal(nearestZoneName('America/New_Yrok'), 'America/New_York');
  assert.equal(nearestZoneName('Somewhere/Far/Away'), null);
});

const zoneName = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Asia/Tehran',
  'Asia/Pyongyang',
  'Pacific/Apia',
  'America/Caracas',
  'Antarctica/Troll',
);
const time = fc
  .integer({ min: Date.UTC(1970, 0, 2) / 1000, max: Date.UTC(2099, 11, 31) / 1000 })
  .map((seconds) => instant(seconds * 1000));

const formats = new Map<string, Intl.DateTimeFormat>();
function wallClock(timeZone: string, at: number): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', {
      timeZone,
      dateStyle: 'short',
      timeStyle: 'medium',
    });
    formats.set(timeZone, format);
  }
  return Date.parse(`${format.format(at).replace(' ', 'T')}Z`);
}

function zoneOf(name: string) {
  const zone = openZone(name);
  assert.ok(zone);
  return zone;
}

test('law: localAt is what a wall clock shows', () => {
  fc.assert(
    fc.property(zoneName, time, (name, at) => {
      assert.equal(zoneOf(name).localAt(at), wallClock(name, at));
    }),
    { numRuns: runs(1500) },
  );
});

test('law: instantAt is the first instant whose clock shows that time or has jumped over it', () => {
  fc.assert(
    fc.property(zoneName, time, (name, at) => {
      const zone = zoneOf(name);
      const first = zone.instantAt(at);
      assert.ok(zone.localAt(first) >= at);
      assert.ok(zone.latestLocalAt(instant(first - 1)) < at);
    }),
    { numRuns: runs(1500) },
  );
});

test('law: instantAt never decreases', () => {
  fc.assert(
    fc.property(zoneName, time, fc.nat({ max: 2 * 86_400_000 }), (name, at, later) => {
      const zone = zoneOf(name);
      assert.ok(zone.instantAt(at) <= zone.instantAt(at + later));
    }),
    { numRuns: runs(1500) },
  );
});

test('the change of year is no change of the clock', () => {
  const zone = zoneOf('Pacific/Apia');
  for (let hour = -48; hour <= 48; hour++) {
    const at = instant(Date.UTC(2012, 0, 1) + hour * 3_600_000);
    assert.equal(zone.localAt(at), wallClock('Pacific/Apia', at));
    assert.ok(zone.instantAt(zone.localAt(at)) <= at);
  }
});
