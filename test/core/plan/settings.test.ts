import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Association } from '../../../src/core/model/association.ts';
import { instant } from '../../../src/core/model/brand.ts';
import { settingsChanged } from '../../../src/core/plan/settings.ts';
import { aName, anAssociation } from '../../fakes/builders.ts';

const until = instant(Date.UTC(2027, 1, 1));
const suspend = { reason: 'migration', owner: 'ops', until };
const ring = { name: 'canary', targets: [], soakMs: 0, maxErrors: null };
const alarm = { name: 'budget', ignorePollFailure: false };

for (const [name, before, after, want] of [
  ['nothing', {}, {}, []],
  ['a suspend', {}, { suspend }, ['suspended until 2027-02-01T00:00:00Z by ops: migration']],
  [
    'another end of a suspend',
    { suspend: { ...suspend, reason: 'x' } },
    { suspend },
    ['suspend changed: until 2027-02-01T00:00:00Z by ops: migration'],
  ],
  ['no suspend any more', { suspend }, {}, ['suspend lifted']],
  [
    'calendars',
    { calendarNames: ['a'] },
    { calendarNames: ['a', 'b'] },
    ['calendars changed: a, b'],
  ],
  ['no calendars', { calendarNames: ['a'] }, { calendarNames: [] }, ['calendars removed']],
  ['an alarm', {}, { alarm }, ['alarm budget']],
  ['another alarm', { alarm }, { alarm: { ...alarm, name: 'load' } }, ['alarm budget → load']],
  ['no alarm', { alarm }, {}, ['alarm removed']],
  ['a Duration', {}, { durationMs: 7_200_000 }, ['Duration 2 h']],
  ['rings', {}, { rings: [ring, { ...ring, name: null }] }, ['rings changed: canary, 2']],
  [
    'a soak alone',
    { rings: [ring] },
    { rings: [{ ...ring, soakMs: 1 }] },
    ['rings changed: canary'],
  ],
  ['no rings', { rings: [ring] }, {}, ['rings removed']],
  ['dependencies', {}, { dependsOn: [aName('base')] }, ['dependencies changed: base']],
  [
    'limits',
    { maxConcurrency: { kind: 'count', count: 3 }, maxErrors: { kind: 'percent', percent: 10 } },
    { maxConcurrency: { kind: 'percent', percent: 50 }, maxErrors: { kind: 'count', count: 0 } },
    ['MaxConcurrency 3 → 50%', 'MaxErrors 10% → 0'],
  ],
  [
    'severity and who reports',
    { complianceSeverity: 'LOW', syncCompliance: 'AUTO' },
    { complianceSeverity: 'HIGH', syncCompliance: 'MANUAL' },
    ['severity LOW → HIGH', 'SyncCompliance AUTO → MANUAL'],
  ],
  [
    'time',
    { startingDeadlineMs: 600_000, timeoutMs: null, onInterrupted: 'Report' },
    { startingDeadlineMs: 60_000, timeoutMs: 120_000, onInterrupted: 'Retry' },
    ['StartingDeadline 600 s → 60 s', 'TimeoutSeconds 120 s', 'OnInterrupted Report → Retry'],
  ],
  ['tags', { tags: { a: 'b' } }, { tags: {} }, ['Tags changed']],
  // What nodes execute, and when, is told elsewhere: as what runs, and as the next run.
  ['the document', {}, { parameters: { text: ['x'] } }, []],
] as const satisfies readonly (readonly [
  string,
  Partial<Association>,
  Partial<Association>,
  readonly string[],
])[])
  test(`settings that make nobody run are told: ${name}`, () => {
    const from = anAssociation('motd', before);
    assert.deepEqual(settingsChanged(from, anAssociation('motd', after)), want);
    assert.deepEqual(settingsChanged(from, from), []);
  });
