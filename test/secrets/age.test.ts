import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { parseCiphertext } from '../../src/core/document/ciphertext.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { isRecipient } from '../../src/protocol/keys.ts';
import { encryptFor, makeIdentityText, recipientOf } from '../../src/secrets/age.ts';
import { loadOrCreateIdentityFile, readIdentities } from '../../src/secrets/identity-file.ts';
import { openSecrets } from '../../src/secrets/open.ts';

const dir = await mkdtemp(join(tmpdir(), 'reconciled-secrets-'));
after(() => rm(dir, { recursive: true, force: true }));

const own = await makeIdentityText();
const other = await makeIdentityText();
const forOwn = await encryptFor([await recipientOf(own)], 'correct horse');
const forOther = await encryptFor([await recipientOf(other)], 'correct horse');
const body = (armored: string): Buffer =>
  Buffer.from(armored.split('\n').slice(1, -2).join(''), 'base64');
const armor = (bytes: Buffer): string => {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return [
    '-----BEGIN AGE ENCRYPTED FILE-----',
    ...lines,
    '-----END AGE ENCRYPTED FILE-----',
    '',
  ].join('\n');
};
const withHeader = (header: string): string =>
  armor(
    Buffer.concat([
      Buffer.from(`age-encryption.org/v1\n${header}--- ${'A'.repeat(43)}\n`),
      Buffer.alloc(40),
    ]),
  );

test('a value comes back for each of its recipients', async () => {
  const both = await encryptFor([await recipientOf(own), await recipientOf(other)], 'grüße\nzwei');
  for (const identity of [own, other]) {
    const opened = await openSecrets({ '/a': both }, [identity]);
    assert.deepEqual(opened, { ok: true, value: new Map([['/a', 'grüße\nzwei']]) });
  }
});

test('the size of the plain text is known without a key, and re-wrapped armor is the same value', () => {
  const parsed = parseCiphertext(`\n  ${forOwn.replaceAll('\n', '\r\n')}  `);
  assert.deepEqual(parsed, { ok: true, value: { armored: forOwn, plainBytes: 13 } });
});

for (const { name, text, why } of [
  { name: 'nothing', text: '', why: /armor/ },
  { name: 'a plain value', text: 'hunter2', why: /armor/ },
  { name: 'one that is cut short', text: forOwn.slice(0, -60), why: /armor/ },
  {
    name: 'one that is cut short in its payload',
    text: armor(body(forOwn).subarray(0, -20)),
    why: /cut short/,
  },
  {
    name: 'one that is cut short in its header',
    text: armor(body(forOwn).subarray(0, 60)),
    why: /header/,
  },
  {
    name: 'a bomb',
    text: `-----BEGIN AGE ENCRYPTED FILE-----\n${'A'.repeat(1 << 20)}`,
    why: /longer than/,
  },
  { name: 'a huge header', text: withHeader('-> X25519 a\n\n'.repeat(21)), why: /more than 20/ },
  {
    name: 'a passphrase of great cost',
    text: withHeader('-> scrypt AAAA 30\n\n'),
    why: /passphrase/,
  },
  {
    name: 'a passphrase beside a key',
    text: withHeader('-> X25519 a\n\n-> scrypt AAAA 30\n\n'),
    why: /passphrase/,
  },
  { name: 'ssh keys only', text: withHeader('-> ssh-ed25519 a b\n\n'), why: /ssh/ },
  {
    name: 'another version',
    text: armor(Buffer.from('age-encryption.org/v2\n')),
    why: /version 1/,
  },
  {
    name: 'base64 with loose bits',
    text: armor(body(forOwn).subarray(0, -1)).replace(/.=\n/, 'B=\n'),
    why: /armor/,
  },
]) {
  test(`refused before any key is used: ${name}`, async () => {
    const parsed = parseCiphertext(text);
    assert.ok(!parsed.ok);
    assert.match(parsed.error, why);
    const opened = await openSecrets({ '/db/password': text }, [own]);
    assert.ok(!opened.ok);
    assert.match(opened.error, /^Parameter \/db\/password of type SecureString /);
  });
}

const flipped = (at: number): string => {
  const bytes = body(forOwn);
  bytes[bytes.length + at] = (bytes.at(at) ?? 0) ^ 1;
  return armor(bytes);
};
const short = await encryptFor([await recipientOf(own)], 'abc');
const nul = await encryptFor([await recipientOf(own)], 'abc\0defgh');

for (const { name, text, why } of [
  { name: 'for somebody else', text: forOther, why: /neither for an identity of this node/ },
  { name: 'a damaged payload', text: flipped(-1), why: /is damaged/ },
  { name: 'a damaged nonce', text: flipped(-40), why: /is damaged/ },
  { name: 'a damaged header', text: withHeader('-> X25519 !\nAA\n'), why: /is damaged/ },
  { name: 'too short to be masked', text: short, why: /shorter than 4 bytes/ },
  { name: 'no text', text: nul, why: /no text/ },
]) {
  test(`not opened, with the name and without a byte: ${name}`, async () => {
    const opened = await openSecrets({ '/db/password': text, '/fine': forOwn }, [own]);
    assert.ok(!opened.ok);
    assert.match(opened.error, why);
    assert.match(opened.error, /^Parameter \/db\/password/);
    assert.doesNotMatch(opened.error, /correct horse|abc/);
  });
}

test('bytes of any kind are answered, never thrown at', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: body(forOwn).length - 1 }),
      fc.nat({ max: 255 }),
      async (at, byte) => {
        const bytes = body(forOwn);
        if (bytes[at] === byte) return;
        bytes[at] = byte;
        const opened = await openSecrets({ '/a': armor(bytes) }, [own]);
        assert.ok(!opened.ok, 'a changed ciphertext was opened');
      },
    ),
    { numRuns: 60 },
  );
});

test('identity files: made once, 0600, as age-keygen writes them', async () => {
  const path = join(dir, 'made', 'age.key');
  const made = await loadOrCreateIdentityFile(path);
  assert.equal(made.created, true);
  assert.ok(isRecipient(made.recipient));
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.match(await readFile(path, 'utf8'), /^# public key: age1\w+\nAGE-SECRET-KEY-1\w+\n$/);
  const again = await loadOrCreateIdentityFile(path);
  assert.deepEqual(again, { ...made, created: false });
});

test('identity files: an old and a new identity side by side, with and without comments', async () => {
  const path = join(dir, 'two.key');
  await writeFile(path, `# created: today\n${own}\n\n${other}\n`, { mode: 0o600 });
  assert.deepEqual(await readIdentities(path), [own, other]);
  assert.equal((await loadOrCreateIdentityFile(path)).recipient, await recipientOf(own));
});

for (const { name, text, mode, code } of [
  { name: 'open to everybody', text: `${own}\n`, mode: 0o644, code: 'IDENTITY_EXPOSED' },
  { name: 'empty', text: '# nothing\n', mode: 0o600, code: 'IDENTITY_UNREADABLE' },
  { name: 'something else', text: 'hunter2\n', mode: 0o600, code: 'IDENTITY_UNREADABLE' },
  { name: 'too large', text: `${own}\n`.repeat(1_000), mode: 0o600, code: 'IDENTITY_UNREADABLE' },
]) {
  test(`identity files: ${name} is refused without a word of it`, async () => {
    const path = join(dir, 'bad.key');
    await writeFile(path, text);
    await chmod(path, mode);
    await assert.rejects(readIdentities(path), (error) => {
      assert.ok(error instanceof ReconcileError);
      assert.equal(error.code, code);
      assert.doesNotMatch(
        `${error.message} ${String(error.cause)}`,
        /hunter2|AGE-SECRET-KEY-1\w{9}/,
      );
      return true;
    });
  });
}
