import assert from 'node:assert/strict';
import { readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import test from 'node:test';
import { emptyState } from '../../src/core/model/state.ts';
import { apply } from '../../src/core/world/apply.ts';
import type { PassRecord } from '../../src/core/world/records.ts';
import { journalFormat } from '../../src/daemon/compact-fold.ts';
import { nodeDisk } from '../../src/disk/node-disk.ts';
import { openJournal } from '../../src/journal/journal.ts';
import { loadOrCreateKeyFile } from '../../src/protocol/key-file.ts';
import { loadOrCreateIdentityFile, readIdentities } from '../../src/secrets/identity-file.ts';
import { connected, foundation, inForce, noon, registered } from '../fakes/builders.ts';
import { call, start } from './cli.ts';
import { stage } from './stage.ts';

/** A host with state and key, and a backup of both. */
async function backedUp(t: TestContext) {
  const { dir, config, repo } = await stage(t);
  const paths = { state: join(dir, 'state'), key: join(dir, 'etc', 'daemon.key') };
  await loadOrCreateKeyFile(paths.key);
  // Of the instance whose state it is.
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/^instance: .*$/m, 'instance: prod'));
  await writeState(paths.state, [
    { at: noon, records: [...foundation, registered(1), connected(1), inForce('motd')] },
  ]);
  const file = join(dir, 'host.backup');
  const made = await call(['backup', file, '--config', config]);
  assert.equal(made.code, 0, made.stderr);
  const restore = () => call(['restore', file, '--config', config]);
  return { dir, config, repo, file, restore, ...paths };
}

test('a lost host comes back whole: configuration, key and state, one epoch later', async (t) => {
  const { config, key, state, restore } = await backedUp(t);
  const before = {
    config: await readFile(config, 'utf8'),
    key: await readFile(key, 'utf8'),
    state: await readState(state),
  };
  for (const path of [config, key, state]) await rm(path, { recursive: true });

  const { code, stdout, stderr } = await restore();
  assert.equal(code, 0, stderr);
  assert.match(stdout, /epoch 2/);
  assert.equal(await readFile(config, 'utf8'), before.config);
  assert.equal(await readFile(key, 'utf8'), before.key);
  assert.equal((await stat(key)).mode & 0o777, 0o600);
  const after = await readState(state);
  assert.equal(after.instance?.epoch, (before.state.instance?.epoch ?? 0) + 1);
  assert.deepEqual({ ...after, instance: null }, { ...before.state, instance: null });
});

test('the escrow identity comes back too, and another one is not overwritten', async (t) => {
  const { dir, config, state, restore } = await backedUp(t);
  const escrow = join(dir, 'etc', 'escrow.key');
  const text = await readFile(config, 'utf8');
  await writeFile(config, `${text}\nidentity: { escrow: ${escrow} }\n`);
  const early = await call(['backup', join(dir, 'early'), '--config', config]);
  assert.match(early.stdout, /has not been made yet: back up again/);
  const { identities } = await loadOrCreateIdentityFile(escrow);
  const file = join(dir, 'with-escrow');
  const made = await call(['backup', file, '--config', config]);
  assert.match(made.stdout, /key, escrow identity and configuration/);
  const again = () => call(['restore', file, '--config', config]);

  await rm(escrow);
  await rm(state, { recursive: true });
  const { code, stdout, stderr } = await again();
  assert.equal(code, 0, stderr);
  assert.ok(stdout.includes(`wrote ${escrow}, which was missing`));
  assert.deepEqual(await readIdentities(escrow), identities);
  assert.equal((await stat(escrow)).mode & 0o777, 0o600);

  // A rotation since then has put another one above it.
  await rm(state, { recursive: true });
  const newer = join(dir, 'newer');
  await loadOrCreateIdentityFile(newer);
  const both = `${await readFile(newer, 'utf8')}${await readFile(escrow, 'utf8')}`;
  await writeFile(escrow, both, { mode: 0o600 });
  assert.equal((await again()).code, 0);
  assert.equal(await readFile(escrow, 'utf8'), both);

  await rm(state, { recursive: true });
  await rename(newer, escrow);
  assert.match((await again()).stderr, /^error ESCROW_DIFFERS: /);
  assert.equal((await restore()).code, 0, 'a backup without an escrow asks for none');
});

test('a backup is for its owner alone, and never replaces a file', async (t) => {
  const { file, config } = await backedUp(t);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const again = await call(['backup', file, '--config', config]);
  assert.match(again.stderr, /^error FILE_EXISTS: /);
});

for (const c of [
  { name: 'cut in the middle', change: (text: string) => text.slice(0, text.length / 2) },
  {
    name: 'cut at a line',
    change: (text: string) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1),
  },
  { name: 'with a changed byte', change: (text: string) => text.replace('web-1', 'web-2') },
  { name: 'something else', change: () => 'hello\n' },
  { name: 'empty', change: () => '' },
]) {
  test(`restore: a file ${c.name} is refused before anything is written`, async (t) => {
    const { file, state, restore } = await backedUp(t);
    await writeFile(file, c.change(await readFile(file, 'utf8')));
    await rm(state, { recursive: true });
    const { code, stderr } = await restore();
    assert.equal(code, 1);
    assert.match(stderr, /^error BACKUP_DAMAGED: /);
    await assert.rejects(stat(state), { code: 'ENOENT' });
  });
}

test('restore: state that stands there, or another key, is left alone', async (t) => {
  const { key, state, restore } = await backedUp(t);
  assert.match((await restore()).stderr, /^error STATE_NOT_EMPTY: /);
  await rename(state, `${state}.old`);
  await rm(key);
  await loadOrCreateKeyFile(key);
  assert.match((await restore()).stderr, /^error KEY_DIFFERS: /);
  assert.deepEqual(await nodeDisk.list(join(state, 'journal')), []);
});

test('restore: the backup of another instance is refused with the remedy, before anything is written', async (t) => {
  const { config, state, key, restore } = await backedUp(t);
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace(/^instance: .*$/m, 'instance: other'));
  for (const path of [state, key]) await rm(path, { recursive: true });
  const { code, stderr } = await restore();
  assert.equal(code, 1);
  assert.match(stderr, /^error INSTANCE_DIFFERS: .* instance "prod"; .* "other"/);
  assert.match(stderr, /--config/);
  for (const path of [state, key]) await assert.rejects(stat(path), { code: 'ENOENT' });
});

test('restore: what one that was killed has left is no state, and in nobody’s way', async (t) => {
  const { state, restore } = await backedUp(t);
  const journal = join(state, 'journal');
  await rename(journal, `${journal}.restoring`);
  const [segment] = await nodeDisk.list(`${journal}.restoring`);
  await truncate(join(`${journal}.restoring`, segment ?? ''), 100);
  const { code, stdout } = await restore();
  assert.equal(code, 0);
  assert.match(stdout, /restored/);
  assert.deepEqual(await nodeDisk.list(`${journal}.restoring`), []);
  assert.notDeepEqual(await nodeDisk.list(journal), []);
});

test('a running daemon is backed up as it runs, and never restored over', async (t) => {
  const { dir, config } = await stage(t);
  const daemon = start(t, ['daemon', '--config', config]);
  await daemon.said(/daemon ready/);
  const file = join(dir, 'host.backup');
  assert.equal((await call(['backup', file, '--config', config])).code, 0);
  assert.match((await call(['restore', file, '--config', config])).stderr, /^error STATE_LOCKED: /);
  daemon.child.kill('SIGTERM');
  assert.equal((await daemon.ended).code, 0);
});

test('a host that has nothing yet says so', async (t) => {
  const { dir, config } = await stage(t);
  const backup = () => call(['backup', join(dir, 'b'), '--config', config]);
  assert.match((await backup()).stderr, /^error KEY_MISSING: .*makes one when it first starts/);
  await loadOrCreateKeyFile(join(dir, 'etc', 'daemon.key'));
  assert.match((await backup()).stderr, /^error NOTHING_TO_BACK_UP: /);
});

async function writeState(stateDir: string, passes: readonly PassRecord[]): Promise<void> {
  const journal = await open(stateDir, () => undefined);
  await journal.append(passes);
  await journal.close();
}

async function readState(stateDir: string) {
  const state = emptyState();
  const journal = await open(stateDir, ({ records }) => {
    for (const record of records) apply(state, record);
  });
  await journal.close();
  return state;
}

const open = (stateDir: string, onRecord: (pass: PassRecord) => void) =>
  openJournal<PassRecord>({
    disk: nodeDisk,
    dir: join(stateDir, 'journal'),
    format: journalFormat,
    onRecord,
  });
