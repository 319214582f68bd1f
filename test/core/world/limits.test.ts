/** What one pass takes on, so that neither a midnight nor a storm stops the event loop. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { advance } from '../../../src/core/world/advance.ts';
import type { AssociationSpec } from '../../fakes/fleet.ts';
import { MINUTE, revision, TestFleet } from '../../fakes/fleet.ts';

const names = Array.from({ length: 12 }, (_, i) => `assoc-${i}`);
const nodes = Array.from({ length: 100 }, (_, i) => i + 1);
const everywhere = Object.fromEntries(nodes.map((n) => [n, {}]));
const spec: AssociationSpec = { schedule: 'rate(30 minutes)' };

function fleetAtItsSlots(): TestFleet {
  const associations = Object.fromEntries(names.map((name) => [name, spec]));
  const fleet = new TestFleet().accept(revision(1, associations, everywhere)).connect(...nodes);
  fleet.runAll();
  fleet.now = instant(fleet.now + 30 * MINUTE);
  return fleet;
}

test('slots that open many runs are spread over passes, and none is lost', () => {
  const fleet = fleetAtItsSlots();
  const opened: number[] = [];
  for (let more = true; more; ) {
    const pass = advance(fleet.world, [], fleet.now);
    opened.push(pass.records.filter(({ kind }) => kind === 'execution').length);
    ({ more } = pass);
  }
  assert.ok(Math.max(...opened) <= 2, `two slots of a hundred nodes a pass, not ${opened.join()}`);
  assert.equal(
    opened.reduce((sum, each) => sum + each, 0),
    names.length,
  );
});

test('offers of one pass are bounded, and the next pass follows at once', () => {
  const fleet = fleetAtItsSlots();
  const offers: number[] = [];
  for (let more = true; more; ) {
    const pass = advance(fleet.world, [], fleet.now);
    offers.push(pass.effects.filter(({ kind }) => kind === 'send-job').length);
    ({ more } = pass);
  }
  assert.ok(Math.max(...offers) <= 50);
  assert.equal(
    offers.reduce((sum, each) => sum + each, 0),
    nodes.length,
  );
});
