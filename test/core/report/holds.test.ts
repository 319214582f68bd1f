import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { present } from '../../../src/core/model/errors.ts';
import { readSummary } from '../../../src/core/report/read-summary.ts';
import { statusText } from '../../../src/core/report/text.ts';
import { parseRateLimit } from '../../../src/core/rollout/limits.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, NOON, named, revision, TestFleet } from '../../fakes/fleet.ts';
import { Reported } from '../../fakes/reported.ts';

const FLEET = { 1: { ring: 'canary' }, 2: {} };
const suspend = { reason: 'move *of* `db`', owner: 'ops', until: instant(NOON + 60 * MINUTE) };
const canary = {
  name: 'canary',
  targets: [{ kind: 'tag' as const, key: 'ring', values: ['canary'] }],
  soakMs: 30 * MINUTE,
  maxErrors: parseRateLimit('0'),
};

function reported(spec: AssociationSpec) {
  const fleet = new TestFleet().accept(revision(1, { motd: spec }, FLEET)).connect(1, 2);
  const report = new Reported();
  return {
    fleet,
    lines() {
      report.write(fleet.world, fleet.now);
      const lines = (report.files.get('README.md') ?? '').split('\n');
      const row = lines.find((line) => /^\| (✅|⏳|❌) \| .*`motd`/.test(line));
      return {
        page: report.files.get('associations/motd/README.md') ?? '',
        row: row ?? '',
        /** What `reconciled status` prints. */
        text: statusText(
          present(readSummary(report.files.get('summary.json') ?? ''), 'it was just written'),
        ),
        json: report.files.get('associations/motd/status.json') ?? '',
      };
    },
  };
}

test('a suspend is told with its owner and reason, and when it is over, that it is', () => {
  const { fleet, lines } = reported({ suspend });
  const held = lines();
  assert.match(held.page, /⏸️ \*\*Suspended\*\* until `2026-03-01T13:00:00Z` by `ops`/);
  assert.ok(!held.page.includes('*of*'), 'what people write is no markup');
  assert.match(held.row, /\(suspended\)/);
  assert.match(held.json, /"Expired": false/);
  fleet.after(60 * MINUTE).runAll();
  const over = lines();
  assert.match(over.page, /its suspend is over\*\* since `2026-03-01T13:00:00Z` by `ops`/i);
  assert.match(over.row, /\(suspend expired\)/);
  assert.match(over.json, /"Expired": true/);
});

test('a suspend that ends while nothing waits is reported all the same', () => {
  const { fleet, lines } = reported({});
  fleet.runAll();
  fleet.accept(revision(2, { motd: { suspend } }, FLEET));
  assert.match(lines().row, /\(suspended\)/);
  fleet.after(60 * MINUTE);
  assert.match(lines().row, /\(suspend expired\)/);
});

test('a rollout tells where it is, and that it halted', () => {
  const { fleet, lines } = reported({ rings: [canary] });
  assert.match(lines().row, /\(ring 1 of 2 runs\)/);
  fleet.runAll();
  const soaking = lines();
  assert.match(soaking.row, /\(ring 1 of 2 soaks\)/);
  assert.match(
    soaking.page,
    /\*\*Rings\*\* canary `tag:ring=canary` \(soaks 30 min\) → the rest; ring 1 soaks/,
  );
  assert.match(soaking.json, /"State": "Soaking"/);
  fleet.after(30 * MINUTE).runAll();
  assert.match(lines().json, /"State": "Complete"/);
});

test('a halted rollout says what would lift it', () => {
  const { fleet, lines } = reported({ rings: [canary] });
  fleet.runAll(() => 'Failed');
  const { page, row, json, text } = lines();
  assert.match(row, /\(rollout halted\)/);
  assert.match(text, /^motd +Failed \(rollout halted\)/m);
  assert.match(page, /🛑 \*\*Rollout halted\*\* .* 1 failure in ring 1/);
  assert.match(json, /"State": "Halted"/);
  assert.equal(fleet.world.state.associations.get(named('motd'))?.rollout?.halted?.failures, 1);
});

test('what it waits for by itself is named', () => {
  const { lines } = reported({
    alarm: { name: 'budget', ignorePollFailure: false },
    calendarNames: ['freeze'],
    dependsOn: ['base'],
  });
  const { page, json } = lines();
  for (const line of ['**Alarm** `budget`', '**Calendars** `freeze`', '**Depends on** `base`']) {
    assert.ok(page.includes(line), line);
  }
  assert.match(json, /"Name": "budget"/);
});

for (const { name, spec, fails, note } of [
  {
    name: 'a stop at MaxErrors',
    spec: { maxErrors: '0', maxConcurrency: '1' },
    fails: true,
    note: 'stopped at MaxErrors',
  },
  {
    name: 'a closed calendar',
    spec: { calendarNames: ['freeze'] },
    fails: false,
    note: 'calendar closed',
  },
  {
    name: 'an alarm',
    spec: { alarm: { name: 'budget', ignorePollFailure: false } },
    fails: false,
    note: 'alarm',
  },
] as const) {
  test(`the tables say what holds an association as a whole: ${name}`, () => {
    const { fleet, lines } = reported(spec);
    fleet.runAll(() => (fails ? 'Failed' : 'Success'));
    assert.match(lines().row, new RegExp(`\\(${note}\\)`));
    assert.match(lines().text, new RegExp(`motd .*\\(${note}\\)`));
  });
}
