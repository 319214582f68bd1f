import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dockerArguments } from '../../../src/core/document/docker-action.ts';

test('two volumes repeat their flag, and no name is an option of docker', () => {
  const run = { action: 'Run', image: 'x' };
  assert.deepEqual(dockerArguments({ ...run, volume: ['/a:/b', '/c:/d'] }), {
    ok: true,
    value: ['run', '-d', '--volume', '/a:/b', '--volume', '/c:/d', 'x'],
  });
  for (const inputs of [
    { ...run, image: '--privileged' },
    { action: 'Rm', container: '-f' },
    { ...run, volume: ['--pid'] },
    { action: 'constructor' },
    { action: '__proto__' },
  ])
    assert.equal(dockerArguments(inputs).ok, false, JSON.stringify(inputs));
});

test('of several objections the one to the volume comes before those to memory and shares', () => {
  const wrong = { action: 'Run', image: 'x', memory: '1.5g', cpuShares: '1.5', volume: ['a;b'] };
  assert.deepEqual(dockerArguments(wrong), {
    ok: false,
    error: 'Validation error, Invalid volume',
  });
});
