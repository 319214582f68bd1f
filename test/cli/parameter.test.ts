import assert from 'node:assert/strict';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { parseCiphertext } from '../../src/core/document/ciphertext.ts';
import { decryptWith } from '../../src/secrets/age.ts';
import { readIdentities } from '../../src/secrets/identity-file.ts';
import { call, start, tempFolder } from './cli.ts';

const SECRET = 'it\'s "two"\nlines: é #';

async function keygen(t: test.TestContext) {
  const file = join(await tempFolder(t), 'keys', 'role.key');
  const told = await call(['parameter', 'keygen', file]);
  assert.equal(told.code, 0, told.stderr);
  return { file, recipient: told.stdout.trim() };
}
const encrypt = (recipients: readonly string[], input: string) => {
  const flags = recipients.flatMap((one) => ['--recipient', one]);
  return call(['parameter', 'encrypt', '--name', '/db/password', ...flags], {}, input);
};

test('parameter keygen: a private file, its recipient printed; an existing one stays', async (t) => {
  const { file, recipient } = await keygen(t);
  assert.match(recipient, /^age1[a-z0-9]+$/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const before = await readFile(file);
  assert.equal((await call(['parameter', 'keygen', file])).stdout.trim(), recipient);
  assert.deepEqual(await readFile(file), before);
  await chmod(file, 0o644);
  assert.match((await call(['parameter', 'keygen', file])).stderr, /IDENTITY_EXPOSED/);
});

test('parameter keygen: nobody is told to shut what is no key', async (t) => {
  const dir = await tempFolder(t);
  const hosts = join(dir, 'hosts');
  await writeFile(hosts, '127.0.0.1 localhost\n', { mode: 0o644 });
  for (const path of [dir, hosts]) {
    const { stderr } = await call(['parameter', 'keygen', path]);
    assert.match(stderr, /^error IDENTITY_UNREADABLE: /);
    assert.doesNotMatch(stderr, /chmod/);
  }
  assert.equal((await stat(hosts)).mode & 0o777, 0o644);
});

test('parameter encrypt: a file of parameters/ that each recipient opens, byte for byte', async (t) => {
  const [one, two] = [await keygen(t), await keygen(t)];
  const { code, stdout, stderr } = await encrypt([one.recipient, two.recipient], SECRET);
  assert.deepEqual([code, stderr], [0, '']);
  const entry = parse(stdout) as { Name: string; Type: string; Tier?: string; Value: string };
  assert.deepEqual(
    [entry.Name, entry.Type, entry.Tier],
    ['/db/password', 'SecureString', undefined],
  );
  const parsed = parseCiphertext(entry.Value);
  assert.ok(parsed.ok);
  for (const { file } of [one, two]) {
    const opened = await decryptWith(await readIdentities(file), parsed.value.armored);
    assert.equal(opened.kind === 'plain' && Buffer.from(opened.bytes).toString(), SECRET);
  }
  assert.ok(!stdout.includes('two'));
});

test('parameter encrypt: a long value names its tier, a line break at the end is told', async (t) => {
  const { recipient } = await keygen(t);
  const long = await encrypt([recipient], 'x'.repeat(5_000));
  assert.match(long.stdout, /^Tier: Advanced$/m);
  assert.match((await encrypt([recipient], 'secret\n')).stderr, /ends with a line break/);
});

for (const { name, recipients, input, says } of [
  { name: 'no recipient', recipients: [], input: 'secret', says: /--recipient is missing/ },
  { name: 'none that is one', recipients: ['bob'], input: 'secret', says: /is no age recipient/ },
  {
    name: 'a mistyped one',
    recipients: [`age1${'q'.repeat(58)}`],
    input: 'secret',
    says: /mistyped/,
  },
  { name: 'nothing', recipients: null, input: '', says: /shorter than 4 bytes/ },
  { name: 'what could not be masked', recipients: null, input: ' abc  \n', says: /shorter than 4/ },
  { name: 'too much', recipients: null, input: 'x'.repeat(8_193), says: /more than 8192 bytes/ },
  { name: 'a NUL', recipients: null, input: 'sec\0ret', says: /NUL/ },
])
  test(`parameter encrypt: ${name} is wrong usage, and nothing is printed`, async (t) => {
    const given = recipients ?? [(await keygen(t)).recipient];
    const { code, stdout, stderr } = await encrypt(given, input);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, says);
  });

test('parameter encrypt: other bytes than UTF-8 are refused, and a real process reads its pipe', async (t) => {
  const { recipient } = await keygen(t);
  const line = ['parameter', 'encrypt', '--name', '/p', '--recipient', recipient];
  const process = start(t, line);
  process.child.stdin.end(Buffer.from([0x73, 0xff, 0x65, 0x63, 0x72]));
  const told = await process.ended;
  assert.equal(told.code, 64);
  assert.match(told.stderr, /no UTF-8/);
});
