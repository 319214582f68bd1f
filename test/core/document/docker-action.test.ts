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
