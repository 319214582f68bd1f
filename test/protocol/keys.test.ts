import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isNodeId } from '../../src/core/model/brand.ts';
import { loadKeyFile, loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import {
  identityFromPem,
  identityToPem,
  isPublicKeyText,
  makeIdentity,
  nodeIdOf,
} from '../../src/protocol/keys.ts';

test('a key survives its file form', () => {
  const identity = makeIdentity();
  assert.equal(identityFromPem(identityToPem(identity)).publicKey, identity.publicKey);
});

test('the node id follows from the key alone', () => {
  const zeros = `ed25519:${Buffer.alloc(32).toString('base64')}`;
  // SHA-256 of 32 zero bytes begins 66687aadf862bd776…
  assert.equal(nodeIdOf(zeros), 'mi-66687aadf862bd776');
  assert.ok(isNodeId(nodeIdOf(makeIdentity().publicKey) ?? ''));
});

test('a public key has one spelling', () => {
  const { publicKey } = makeIdentity();
  assert.ok(isPublicKeyText(publicKey));
  for (const other of [
    `${publicKey}=`,
    publicKey.replace('=', ''),
    publicKey.slice(8),
    ` ${publicKey}`,
    '',
  ])
    assert.ok(!isPublicKeyText(other), other);
});

test('a key file is made once, private, and refused when it holds something else', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keys-'));
  try {
    const path = join(dir, 'etc', 'node.key');
    const made = await loadOrCreateKeyFile(path);
    assert.ok(made.created);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const again = await loadOrCreateKeyFile(path);
    assert.ok(!again.created);
    assert.equal(again.identity.publicKey, made.identity.publicKey);

    await writeFile(path, 'garbage');
    await assert.rejects(loadOrCreateKeyFile(path), { code: 'KEY_UNREADABLE' });
    const none = join(dir, 'none');
    await assert.rejects(loadKeyFile(none, 'register anew'), {
      code: 'KEY_MISSING',
      message: `there is no key at ${none}; register anew`,
    });
  } finally {
    await rm(dir, { recursive: true });
  }
});
