import assert from 'node:assert/strict';
import test from 'node:test';
import { seldom } from '../../../src/io/agents/seldom.ts';

function opened() {
  const lines: unknown[] = [];
  const clock = { ms: 0 };
  const tell = seldom(
    (event, fields) => lines.push([event, fields]),
    () => clock.ms,
  );
  return { lines, clock, tell };
}

test('a peer in a loop is a line a minute, with how often it was meanwhile', () => {
  const { lines, clock, tell } = opened();
  for (; clock.ms <= 60_000; clock.ms += 1_000) tell('agent-rejected', 'mi-1', { reason: 'twin' });
  assert.deepEqual(lines, [
    ['agent-rejected', { reason: 'twin' }],
    ['agent-rejected', { reason: 'twin', unlogged: 59 }],
  ]);
});

test('another peer, another reason and another event are lines of their own', () => {
  const { lines, tell } = opened();
  tell('agent-rejected', 'mi-1', { reason: 'twin' });
  tell('agent-rejected', 'mi-2', { reason: 'twin' });
  tell('agent-rejected', 'mi-1', { reason: 'reconnects' });
  tell('agent-dropped', 'mi-1', { reason: 'twin' });
  assert.equal(lines.length, 4);
});

test('what is kept is bounded: who was told of longest ago is told of again', () => {
  const { lines, tell } = opened();
  for (let n = 0; n <= 1_000; n++) tell('agent-dropped', `10.0.0.${n}`, { reason: 'proof' });
  tell('agent-dropped', '10.0.0.1000', { reason: 'proof' });
  assert.equal(lines.length, 1_001);
  tell('agent-dropped', '10.0.0.0', { reason: 'proof' });
  assert.equal(lines.length, 1_002);
});
