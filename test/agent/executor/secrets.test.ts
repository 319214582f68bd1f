import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskOrder } from '../../../src/agent/ports.ts';
import type { Unlocked } from '../../../src/agent/vault.ts';
import { openVault, ownIdentityFile } from '../../../src/agent/vault.ts';
import type { SecretPiece } from '../../../src/core/document/prepared.ts';
import { encryptFor } from '../../../src/secrets/age.ts';
import { loadOrCreateIdentityFile } from '../../../src/secrets/identity-file.ts';
import { run } from '../../protocol/messages.ts';
import type { Bench } from './bench.ts';
import { withBench } from './bench.ts';

const dir = await mkdtemp(join(tmpdir(), 'executor-identity-'));
after(() => rm(dir, { recursive: true, force: true }));
const own = ownIdentityFile(dir);
const { recipient } = await loadOrCreateIdentityFile(own);

/** Whatever a shell, a pipe or a file might trip over. */
const secret = `it's "two"\nlines $(id) \\n \`x\` ; é\r\n  end\n`;
const ciphertexts = { '/db/password': await encryptFor([recipient], secret) };
const password: readonly SecretPiece[] = [{ secret: '/db/password' }];

function order(bench: Bench, sequence: number, lines: readonly string[]): TaskOrder {
  const plain = bench.order(sequence, { runCommand: lines, timeoutSeconds: 30 });
  const url = [{ text: 'db://' }, ...password, { text: '@host' }];
  return { ...plain, ciphertexts, secretEnvironment: { SSM_password: password, SSM_url: url } };
}

async function perform(bench: Bench, sequence: number, lines: readonly string[]) {
  bench.executor.start(order(bench, sequence, lines));
  return (await bench.next('task-ended')).outcome;
}

/** Every file below the run folders, as one text. */
async function onDisk(bench: Bench): Promise<string> {
  const names = await readdir(bench.dir, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const texts = files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8'));
  return (await Promise.all(texts)).join('\0');
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

test('a secret reaches the script byte for byte, and nothing else', () =>
  withBench(
    async (bench) => {
      const told = await perform(bench, 0, [
        'printf %s "$SSM_password" | sha256sum',
        'printf %s "$SSM_url" | sha256sum',
        'env | cut -d= -f1 | grep -c -e "^go$" -e "^lf$"',
      ]);
      const sums = [digest(secret), digest(`db://${secret}@host`)].map((sum) => `${sum}  -\n`);
      assert.equal(told.stdout.text, `${sums.join('')}0\n`);
    },
    openVault([own]),
  ));

test('what a step says of it is masked everywhere, and no file keeps it', () =>
  withBench(
    async (bench) => {
      const told = await perform(bench, 0, [
        'echo "<$SSM_password>"',
        'printf %s "$SSM_url" >&2',
        'printf "%s" "$SSM_password" | tr -d "\\r" | sed -n 2p',
      ]);
      assert.equal(told.stdout.text, '<***>\n***\n');
      assert.equal(told.stderr.text, 'db://***@host');
      // A digest or a count of what was really written would be a test for guesses.
      assert.equal(told.stdout.digest, digest('<***>\n***\n'));
      assert.equal(told.stdout.bytes, Buffer.byteLength('<***>\n***\n'));
      bench.executor.release(run('1'));
      const text = await onDisk(bench);
      for (const line of secret
        .split('\n')
        .map((part) => part.trim())
        .filter((part) => part.length > 3))
        assert.ok(!text.includes(line), `a file holds ${line}`);
      const second = await perform(bench, 1, [
        'cat <<E',
        'again: it\'s "two"',
        'E',
        'echo lines $?',
      ]);
      assert.equal(
        second.stdout.text,
        'again: ***\nlines 0\n',
        'a step without it is masked alike',
      );
    },
    openVault([own]),
  ));

test('a value in an endless output is masked at every boundary, with memory flat', () =>
  withBench(
    async (bench) => {
      const told = await perform(bench, 0, [
        'v=$(printf "%s" "$SSM_password" | head -1)',
        'yes "$v" | head -c 3000001',
      ]);
      const whole = Math.floor(3_000_001 / `it's "two"\n`.length);
      assert.equal(told.stdout.bytes, whole * 4 + '***'.length * Number(3_000_001 % 11 > 3));
      assert.ok(/^[*\n-]+$/.test(told.stdout.head + told.stdout.tail), told.stdout.tail);
    },
    openVault([own]),
  ));

test('a document that a step wrote a secret into is not run, and nothing repeats it', () =>
  withBench(
    async (bench) => {
      const path = join(bench.dir, 'document.yaml');
      await perform(bench, 0, [`printf 'schemaVersion: "%s"' "$SSM_password" > ${path}`]);
      const reading = {
        ...order(bench, 1, []),
        action: 'aws:runDocument',
        inputs: { documentType: 'LocalPath', documentPath: path },
      };
      bench.executor.start(reading);
      const { outcome } = await bench.next('task-ended');
      assert.equal(outcome.exitCode, 1);
      assert.match(outcome.failure, /holds the value of a SecureString/);
      assert.equal(outcome.document, undefined);
    },
    openVault([own]),
  ));

test('a step is not started when its secret cannot be opened', () =>
  withBench(async (bench) => {
    const told = await perform(bench, 0, [`touch ${join(bench.dir, 'ran')}`]);
    assert.equal(told.exitCode, 1);
    assert.match(
      told.failure,
      /^Parameter \/db\/password of type SecureString is encrypted neither/,
    );
    assert.ok(!existsSync(join(bench.dir, 'ran')));
  }));

test('a kill while secrets are being opened is not lost', async () => {
  const slow = {
    unlock: async (): Promise<Unlocked> => {
      await delay(50);
      return openVault([own]).unlock(run('1'), ciphertexts);
    },
  };
  await withBench(async (bench) => {
    bench.executor.start(order(bench, 0, [`touch ${join(bench.dir, 'ran')}`]));
    await delay(10);
    bench.executor.kill(run('1'));
    const { outcome } = await bench.next('task-ended');
    assert.equal(outcome.exitCode, null);
    assert.ok(!existsSync(join(bench.dir, 'ran')));
  }, slow);
});

test('a later agent masks what an earlier one started, and withholds what it cannot mask', async () => {
  for (const [vault, stdout, stderr] of [
    [openVault([own]), '***', ''],
    [
      openVault([]),
      '',
      /^output withheld, because it could not be masked: Parameter \/db\/password/,
    ],
  ] as const) {
    let vaultNow: Pick<typeof vault, 'unlock'> = openVault([own]);
    const changing: typeof vaultNow = { unlock: (...asked) => vaultNow.unlock(...asked) };
    await withBench(async (bench, again) => {
      const begun = join(bench.dir, 'begun');
      const told = order(bench, 0, [
        `touch ${begun}`,
        'sleep 0.3',
        'printf "%s" "$SSM_password" | head -1',
      ]);
      bench.executor.start(told);
      while (!existsSync(begun)) await delay(10);
      await bench.leave();
      vaultNow = vault;
      const later = again();
      later.executor.adopt(told, { rebooted: false });
      const { outcome } = await later.next('task-ended');
      assert.equal(outcome.exitCode, 0);
      assert.equal(outcome.stdout.text, stdout);
      if (typeof stderr === 'string') assert.equal(outcome.stderr.text, stderr);
      else assert.match(outcome.stderr.text, stderr);
      later.executor.release(run('1'));
      assert.ok(!(await onDisk(later)).includes('"two"'));
    }, changing);
  }
});

test('the secrets of a script are in no argument list', () =>
  withBench(
    async (bench) => {
      const told = await perform(bench, 0, [
        'cat /proc/$$/cmdline /proc/$PPID/cmdline | tr "\\0" "\\n"',
      ]);
      assert.ok(!told.stdout.text.includes('***'), told.stdout.text);
      assert.ok(readFileSync('/proc/self/cmdline').length > 0);
    },
    openVault([own]),
  ));
