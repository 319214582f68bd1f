import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeJoinThrottle } from '../../../src/io/agents/join-throttle.ts';
import { makeTokenBucket } from '../../../src/io/agents/token-bucket.ts';

const limits = { count: 2, perMs: 1_000, addressesMax: 3 };

test('attempts are free until the count is reached, and again when the oldest is a period ago', () => {
  const throttle = makeJoinThrottle(limits);
  throttle.failed('192.0.2.1', 0);
  assert.equal(throttle.waitMs('192.0.2.1', 10), 0);
  throttle.failed('192.0.2.1', 100);
  assert.equal(throttle.waitMs('192.0.2.1', 200), 800);
  assert.equal(throttle.waitMs('192.0.2.2', 200), 0);
  assert.equal(throttle.waitMs('192.0.2.1', 1_000), 0);
});

test('addresses of one IPv6 network count as one, and a mapped IPv4 address is that address', () => {
  const throttle = makeJoinThrottle(limits);
  throttle.failed('2001:db8::1', 0);
  throttle.failed('2001:db8:0:0:ffff::2', 0);
  assert.ok(throttle.waitMs('2001:db8::3', 1) > 0);
  assert.equal(throttle.waitMs('2001:db8:0:1::3', 1), 0);
  throttle.failed('::ffff:192.0.2.1', 0);
  throttle.failed('192.0.2.1', 0);
  assert.ok(throttle.waitMs('192.0.2.1', 1) > 0);
});

test('the oldest address is forgotten when there are too many', () => {
  const throttle = makeJoinThrottle(limits);
  for (const last of [1, 1, 2, 3, 4]) throttle.failed(`192.0.2.${last}`, 0);
  assert.equal(throttle.waitMs('192.0.2.1', 1), 0);
});

test('a bucket gives its burst at once and then so much per second', () => {
  const bucket = makeTokenBucket({ burst: 3, perSecond: 10 });
  assert.deepEqual(
    [1, 1, 1].map((cost) => bucket.take(cost, 0)),
    [0, 0, 0],
  );
  assert.equal(bucket.take(1, 0), 100);
  assert.equal(bucket.take(1, 200), 0);
  assert.equal(bucket.take(3, 60_000), 0);
});
