import assert from 'node:assert/strict';
import test from 'node:test';
import { rest } from '../../src/waiting/rest.ts';

test('a rest ends when its time is over', async () => {
  const begin = performance.now();
  await rest(20, new AbortController().signal);
  assert.ok(performance.now() - begin >= 15);
});

test('a rest that is called off ends at once, and is no failure; one that was called off before does not begin', async () => {
  const stop = new AbortController();
  const resting = rest(3_600_000, stop.signal);
  stop.abort(new Error('leaving'));
  await resting;
  await rest(3_600_000, stop.signal);
});

test('a rest of no time that there is, is a bug and told', async () => {
  await assert.rejects(rest('soon' as unknown as number, new AbortController().signal), TypeError);
});
