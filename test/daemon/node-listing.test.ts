import assert from 'node:assert/strict';
import test from 'node:test';
import { formatInstant } from '../../src/core/model/brand.ts';
import { listNodes } from '../../src/daemon/node-listing.ts';
import { MINUTE, node, revision, TestFleet } from '../fakes/fleet.ts';

test('a connected node is seen now, one that left when it left, and one that never came never', () => {
  const fleet = new TestFleet().accept(revision(1, { motd: {} })).connect(1, 2);
  const connectedAt = formatInstant(fleet.now);
  fleet.after(MINUTE).happen({ kind: 'disconnected', node: node(2) });
  const leftAt = formatInstant(fleet.now);
  fleet.after(MINUTE);
  const listed = listNodes(fleet.world, fleet.now) as readonly {
    readonly [key: string]: unknown;
  }[];
  assert.deepEqual(
    listed
      .slice(0, 3)
      .map(({ id, connected, connectedSince, lastSeen }) => [
        id,
        connected,
        connectedSince,
        lastSeen,
      ]),
    [
      [node(1), true, connectedAt, formatInstant(fleet.now)],
      [node(2), false, null, leftAt],
      [node(3), false, null, null],
    ],
  );
});
