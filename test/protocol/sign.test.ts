import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeIdentity } from '../../src/protocol/keys.ts';
import {
  sealJob,
  signHello,
  signProof,
  verifyEnvelope,
  verifyHello,
  verifyProof,
} from '../../src/protocol/sign.ts';
import { agent, agentNode, daemon, job } from './messages.ts';

const claim = { instance: 'test', nonce: 'bm9uY2U=', tlsKeys: ['a'.repeat(64), 'b'.repeat(64)] };
const helloClaim = {
  instance: 'test',
  nonce: 'bm9uY2U=',
  tlsKey: 'a'.repeat(64),
  node: agentNode,
  recipient: `age1${'q'.repeat(58)}`,
};

test('a proof holds for exactly what was signed', () => {
  const signature = signProof(daemon, claim);
  assert.ok(verifyProof(daemon.publicKey, claim, signature));
  for (const other of [
    { ...claim, instance: 'other' },
    { ...claim, nonce: 'b3RoZXI=' },
    { ...claim, tlsKeys: claim.tlsKeys.slice(0, 1) },
    { ...claim, tlsKeys: [] },
  ])
    assert.ok(!verifyProof(daemon.publicKey, other, signature));
  assert.ok(!verifyProof(makeIdentity().publicKey, claim, signature));
});

test('a hello holds for one nonce, TLS key, node and recipient', () => {
  const signature = signHello(agent, helloClaim);
  assert.ok(verifyHello(agent.publicKey, helloClaim, signature));
  assert.ok(!verifyHello(agent.publicKey, { ...helloClaim, nonce: 'x' }, signature));
  assert.ok(!verifyHello(agent.publicKey, { ...helloClaim, tlsKey: '' }, signature));
  assert.ok(!verifyHello(agent.publicKey, { ...helloClaim, recipient: null }, signature));
});

test('a signature of one kind is worth nothing for another', () => {
  const signature = signHello(daemon, helloClaim);
  assert.ok(!verifyProof(daemon.publicKey, claim, signature));
  assert.ok(!verifyEnvelope(daemon.publicKey, { payload: '', signature }));
});

test('one changed byte of a job is noticed', () => {
  const envelope = sealJob(daemon, job());
  assert.ok(verifyEnvelope(daemon.publicKey, envelope));
  assert.ok(!verifyEnvelope(daemon.publicKey, { ...envelope, payload: `${envelope.payload} ` }));
  assert.ok(!verifyEnvelope(agent.publicKey, envelope));
});

test('nonsense for a key or a signature is a plain no', () => {
  assert.ok(!verifyEnvelope('ed25519:short', sealJob(daemon, job())));
  assert.ok(!verifyEnvelope(daemon.publicKey, { payload: 'x', signature: '!' }));
});
