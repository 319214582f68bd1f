import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noScheduleMistakes, parseSchedule } from '../../../src/core/schedule/parse.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, named, revision, TestFleet } from '../../fakes/fleet.ts';

/** Appendix I.3 of the fact sheet: what runs now, at 12:00, and what at the slot of 13:00. */
const CRON = 'cron(0 13 * * ? *)';
const AT = 'at(2026-03-01T13:00:00)';

type Fleet = { readonly fleet: TestFleet; readonly spec: AssociationSpec };

/** Created and settled, its creation behind it. */
function settled(spec: AssociationSpec): Fleet {
  const fleet = new TestFleet().accept(revision(1, { one: spec }, { 1: {} })).connect(1);
  fleet.runAll();
  return { fleet, spec };
}

const create = (spec: AssociationSpec): TestFleet =>
  new TestFleet().accept(revision(1, { one: spec }, { 1: {} })).connect(1);
const edit =
  (change: AssociationSpec) =>
  (spec: AssociationSpec): TestFleet => {
    const { fleet } = settled(spec);
    return fleet.accept(revision(2, { one: { ...spec, ...change } }, { 1: {} }));
  };

for (const c of [
  { event: 'create with cron', schedule: CRON, flag: false, after: create, now: true, later: true },
  { event: 'create with cron', schedule: CRON, flag: true, after: create, now: false, later: true },
  {
    event: 'create with rate',
    schedule: 'rate(1 hour)',
    flag: false,
    after: create,
    now: true,
    later: true,
  },
  { event: 'create without schedule', flag: false, after: create, now: true, later: false },
  { event: 'create with at', schedule: AT, flag: true, after: create, now: false, later: true },
  {
    event: 'edit parameters',
    schedule: CRON,
    flag: false,
    after: edit({ parameters: 'new' }),
    now: true,
    later: true,
  },
  {
    event: 'edit parameters',
    schedule: CRON,
    flag: true,
    after: edit({ parameters: 'new' }),
    now: false,
    later: true,
  },
  {
    event: 'new document version on $LATEST',
    schedule: CRON,
    flag: false,
    after: edit({ document: 'v2' }),
    now: true,
    later: true,
  },
  {
    event: 'new document version on $LATEST',
    schedule: CRON,
    flag: true,
    after: edit({ document: 'v2' }),
    now: false,
    later: true,
  },
]) {
  test(`I.3: ${c.event}, flag ${c.flag}`, () => {
    const fleet = c.after({
      flag: c.flag,
      ...(c.schedule === undefined ? {} : { schedule: c.schedule }),
    });
    assert.deepEqual(fleet.runAll(), c.now ? ['one@1'] : []);
    fleet.after(60 * MINUTE);
    assert.deepEqual(fleet.runAll(), c.later ? ['one@1'] : []);
  });
}

const OFFSET = { schedule: 'cron(0 13 ? * SUN#1 *)', offsetDays: 1, flag: true };
const HOUR = 60 * MINUTE;

for (const { name, change, runs } of [
  { name: 'new parameters', change: { parameters: 'new' }, runs: true },
  { name: 'another schedule', change: { schedule: 'cron(30 12 ? * SUN#1 *)' }, runs: false },
]) {
  test(`offset: ${name} between base day and run ${runs ? 'keep' : 'skip'} the period`, () => {
    const { fleet, spec } = settled(OFFSET);
    fleet.after(2 * HOUR); // the base day has passed at 13:00
    fleet.accept(revision(2, { one: { ...spec, ...change } }, { 1: {} }));
    fleet.after(23 * HOUR);
    assert.deepEqual(fleet.runAll(), runs ? ['one@1'] : []);
  });
}

for (const flag of [false, true]) {
  test(`I.3: new matching node, flag ${flag}`, () => {
    const spec = { schedule: CRON, flag };
    const { fleet } = settled(spec);
    fleet.accept(revision(2, { one: spec }, { 1: {}, 2: {} })).connect(2);
    assert.deepEqual(fleet.runAll(), flag ? [] : ['one@2']);
    fleet.after(60 * MINUTE);
    assert.deepEqual(fleet.runAll(), ['one@1', 'one@2']);
  });

  test(`I.3: StartAssociationsOnce, flag ${flag}`, () => {
    const { fleet } = settled({ schedule: CRON, flag });
    const request = { kind: 'run', associations: [named('one')], nodes: null } as const;
    fleet.happen({ kind: 'operator', id: 'm1', by: 'root', request });
    assert.deepEqual(fleet.runAll(), ['one@1']);
  });
}

const options = { timezone: 'UTC', strictAws: false, offsetDays: null };
for (const c of [
  {
    event: 'create with rate',
    schedule: 'rate(1 hour)',
    flag: true,
    code: 'schedule-flag-with-rate',
  },
  { event: 'create with at', schedule: AT, flag: false, code: 'schedule-at-without-flag' },
]) {
  test(`I.3: ${c.event}, flag ${c.flag}, is rejected`, () => {
    const parsed = parseSchedule(c.schedule, { ...options, applyOnlyAtCronInterval: c.flag });
    assert.deepEqual(parsed.ok ? [] : parsed.error.map(({ code }) => code), [c.code]);
  });
}

test('I.3: create without schedule, flag true, is rejected', () => {
  const mistakes = noScheduleMistakes({ ...options, applyOnlyAtCronInterval: true });
  assert.deepEqual(
    mistakes.map(({ code }) => code),
    ['schedule-flag-without-schedule'],
  );
});
