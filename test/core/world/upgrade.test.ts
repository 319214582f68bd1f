import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PassRecord } from '../../../src/core/world/records.ts';
import { JOURNAL_FORMAT } from '../../../src/core/world/records.ts';
import { upgradePass } from '../../../src/core/world/upgrade.ts';
import { executionOf, noon } from '../../fakes/builders.ts';

const opened = executionOf('keep', [1]);
const [run] = opened.runs;
const occasion = 'target:now';
const joined = { kind: 'joined', execution: opened.id, reason: 'new node', at: noon } as const;

test('before format 6 runs that joined said their occasion one by one', () => {
  const written = { at: noon, records: [opened, { ...joined, runs: [{ ...run, occasion }] }] };
  const { records } = upgradePass(written, 5);
  assert.deepEqual(records, [opened, { ...joined, occasion, runs: [{ ...run, occasion }] }]);
});

test('before format 11 nothing counted that had led to a stop, whatever was forgiven', () => {
  const { id } = opened;
  const putWith = (forgiven: number, failures: number | null) => {
    const { kind: _, runs: __, at: openedAt, ...value } = opened;
    const stopped = failures === null ? null : { failures, at: noon };
    const rest = { skipped: null, closed: null, endedAt: null, stopped, forgiven };
    return { kind: 'put-execution', value: { ...value, id, openedAt, ...rest }, runs: [] } as const;
  };
  const records = [putWith(0, 2), putWith(3, 2), putWith(1, null)];
  assert.deepEqual(upgradePass({ at: noon, records }, 10).records, [
    putWith(2, 2),
    putWith(3, 2),
    putWith(1, null),
  ]);
});

test('what this program writes is read as it stands', () => {
  const pass: PassRecord = { at: noon, records: [opened] };
  assert.equal(upgradePass(pass, JOURNAL_FORMAT.version), pass);
});
