import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Standing } from '../../src/daemon/notices.ts';
import { noticesOf } from '../../src/daemon/notices.ts';
import { commit, node, revision, TestFleet } from '../fakes/fleet.ts';

const SECOND = 1_000;
const well: Standing = {
  nowMs: 10_000 * SECOND,
  source: { lastSeenAtMs: 9_999 * SECOND, lastError: null },
  status: { publishedAtMs: 9_999 * SECOND, lastError: null, rival: null, underWaySinceMs: null },
  twins: [],
};
const failed = (code: string) => ({ code, message: 'the host does not answer' });
const { world } = new TestFleet().accept(revision(1, { motd: {} }));

for (const { name, standing, says } of [
  { name: 'all is well: nothing', standing: {}, says: [] },
  {
    name: 'the source cannot be read: why, since when, and what is in force',
    standing: { source: { lastSeenAtMs: 9_910 * SECOND, lastError: failed('SOURCE_UNREACHABLE') } },
    says: [
      'the source cannot be read (SOURCE_UNREACHABLE: the host does not answer); it was read 90 s ago, and what was accepted then stays in force',
    ],
  },
  {
    name: 'it could not be read since this daemon started',
    standing: { source: { lastSeenAtMs: null, lastError: failed('SOURCE_DAMAGED') } },
    says: [
      'the source cannot be read (SOURCE_DAMAGED: the host does not answer); it was read before this daemon started, and what was accepted then stays in force',
    ],
  },
  {
    name: 'the branch cannot be written: why, and how old it is',
    standing: {
      status: {
        publishedAtMs: 1_000 * SECOND,
        lastError: failed('STATUS_REFUSED'),
        rival: null,
        underWaySinceMs: null,
      },
    },
    says: [
      'the status branch cannot be written (STATUS_REFUSED: the host does not answer); it is right as of 3 h ago',
    ],
  },
  {
    name: 'a remote that says nothing: how long, and how old the branch is',
    standing: {
      status: { ...well.status, publishedAtMs: 9_950 * SECOND, underWaySinceMs: 9_970 * SECOND },
    },
    says: [
      'work on the status branch has taken 30 s so far (does its remote answer?); it is right as of 50 s ago',
    ],
  },
  {
    name: 'a status commit that takes its time: nothing',
    standing: { status: { ...well.status, underWaySinceMs: 9_981 * SECOND } },
    says: [],
  },
  {
    name: 'two machines are one node: which, and what to do',
    standing: { twins: [node(1), node(2)] },
    says: [
      'mi-00000000000000001 (mi-00000000000000001) and 1 more nodes: a second machine has the same key and is sent away, so nothing runs on it; register it anew',
    ],
  },
  {
    name: 'another daemon writes the branch in this epoch: which commit, and what to do',
    standing: {
      status: {
        publishedAtMs: 9_999 * SECOND,
        lastError: null,
        rival: commit(0xabc),
        underWaySinceMs: null,
      },
    },
    says: [
      'another daemon of this instance writes the status branch in this epoch (commit 0000000): two hosts run from copies of one state, ' +
        'and the branch tells what either believes. Stop one of them; to let this one go on alone: reconciled accept --recover',
    ],
  },
  {
    name: 'another host has gone on: the epoch says it, once',
    standing: {
      status: {
        publishedAtMs: null,
        lastError: failed('STATUS_SUPERSEDED'),
        rival: null,
        underWaySinceMs: null,
      },
    },
    says: [],
  },
] satisfies readonly { name: string; standing: Partial<Standing>; says: readonly string[] }[]) {
  test(`notices: ${name}`, () => {
    assert.deepEqual(noticesOf(world, { ...well, ...standing }), says);
  });
}
