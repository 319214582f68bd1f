import assert from 'node:assert/strict';
import { domainJoinArguments } from '../../../src/core/document/domain-join.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import type { VectorCase } from './vectors.ts';
import { testVectors } from './vectors.ts';

type Case = VectorCase & {
  readonly input: { readonly params: JsonObject };
  readonly expected: { readonly argv?: readonly string[]; readonly error?: string };
};

testVectors<Case>('domain-join-arguments', ({ input, expected }) => {
  const read = domainJoinArguments(input.params, 'us-east-1');
  const want = expected.argv?.slice(1) ?? { error: expected.error };
  assert.deepEqual(read.ok ? read.value : { error: read.error }, want);
});
