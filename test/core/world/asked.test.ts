/** What an operator who starts something by hand is told: what runs, and what does not. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { MINUTE, NOON, named, revision, TestFleet } from '../../fakes/fleet.ts';

const suspend = { reason: 'moving', owner: 'ops', until: instant(NOON + 60 * MINUTE) };

function answerTo(fleet: TestFleet, ...names: readonly string[]): string {
  fleet.happen({
    kind: 'operator',
    id: 'request',
    by: 'ada',
    request: { kind: 'run', associations: names.map(named), nodes: null },
  });
  const answer = fleet.effects
    .flatMap((effect) => (effect.kind === 'answer' ? [effect] : []))
    .at(-1);
  assert.ok(answer?.answer.ok);
  return answer.answer.message;
}

const fleetOf = (): TestFleet =>
  new TestFleet()
    .accept(
      revision(1, {
        free: {},
        frozen: { calendarNames: ['freeze'] },
        resting: { suspend },
        nowhere: { targets: [{ kind: 'tag', key: 'role', values: ['none'] }] },
      }),
    )
    .connect(1);

test('run: nothing to add where it starts', () => {
  assert.match(answerTo(fleetOf(), 'free'), /^started free: execution [0-9a-v]{26}$/);
});

test('run: what a suspend or a calendar holds is named, and what has no target', () => {
  assert.equal(
    answerTo(fleetOf(), 'free', 'resting', 'frozen', 'nowhere').replace(/\b[0-9a-v]{26}\b/g, '…'),
    'started free: execution …; started resting: execution …; started frozen: execution …; resting waits: suspended until 2026-03-01T13:00:00Z (moving (ops)); ' +
      'frozen waits: calendar (freeze; calendars/freeze.ics counts as closed: there is no such file); nowhere has no target',
  );
});

test('run: paused', () => {
  const fleet = fleetOf();
  fleet.happen({ kind: 'operator', id: 'pause', by: 'ada', request: { kind: 'pause' } });
  assert.match(answerTo(fleet, 'free'), /^started free: execution \S+; free waits: paused$/);
});
