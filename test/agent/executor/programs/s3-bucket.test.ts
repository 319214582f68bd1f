import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regionOf } from '../../../../src/agent/executor/programs/s3-bucket.ts';

test('S3: a signature is for the region that the host names', () => {
  for (const [host, region] of [
    ['b.s3.eu-west-1', 'eu-west-1'],
    ['s3.dualstack.us-gov-west-1', 'us-gov-west-1'],
    ['b.s3-ap-south-1', 'ap-south-1'],
    ['b.s3', null],
  ])
    assert.equal(regionOf(new URL(`https://${host}.amazonaws.com/k`)), region);
  assert.equal(regionOf(new URL('https://s3.eu-west-1.example.org/k')), null);
});
