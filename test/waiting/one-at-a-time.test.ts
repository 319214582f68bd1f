import assert from 'node:assert/strict';
import test from 'node:test';
import { oneAtATime } from '../../src/waiting/one-at-a-time.ts';

test('work is done in the order in which it was asked for, one at a time', async () => {
  const inTurn = oneAtATime();
  const told: string[] = [];
  const work = (name: string, turns: number) => async (): Promise<string> => {
    told.push(`${name} begins`);
    for (let n = 0; n < turns; n++) await Promise.resolve();
    told.push(`${name} ends`);
    return name;
  };
  const names = await Promise.all([inTurn(work('long', 50)), inTurn(work('short', 1))]);
  assert.deepEqual(names, ['long', 'short']);
  assert.deepEqual(told, ['long begins', 'long ends', 'short begins', 'short ends']);
});

test('work that fails is told to whoever asked for it, and holds up nobody', async () => {
  const inTurn = oneAtATime();
  const fails = inTurn(() => Promise.reject(new Error('no')));
  const next = inTurn(() => Promise.resolve('done'));
  await assert.rejects(fails, { message: 'no' });
  assert.equal(await next, 'done');
});
