/**
 * Budget: one status commit of 1,000 changed among 10,000 node files takes at most as long as native `git fast-import`
 * of the same change, and grows the store by at most half as many bytes.
 *
 *     node --import tsx bench/status-commit.ts [rounds]
 *
 * One association changes per node: a status word, a revision and a time in each file. Both sides are measured over the
 * same rounds, fast-import as a whole process (there is no other way to run it), medians are compared. The push is not
 * part of either side.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { ensureBareDirectory } from '../src/io/git/bare-directory.ts';
import { casRef } from '../src/io/git/cas-ref.ts';
import { encodeCommit } from '../src/io/git/commit-object.ts';
import { objectId } from '../src/io/git/objects.ts';
import { openOpenPack } from '../src/io/git/open-pack.ts';
import type { Folder } from '../src/io/status/status-tree.ts';
import { changeTree } from '../src/io/status/status-tree.ts';
import { git, gitEnv, tempDir } from '../test/fakes/git-repo.ts';

const NODES = 10_000;
const CHANGED = 1_000;
const BUDGET = { wall: 1, bytes: 0.5 };
const rounds = Number(process.argv[2] ?? 9);

type Measured = { readonly wallMs: number; readonly bytes: number };
type Files = ReadonlyMap<string, Buffer>;

function nodePath(n: number): string {
  const id = objectId('blob', Buffer.from(`node ${n}`)).slice(0, 17);
  return `nodes/${id.slice(0, 2)}/mi-${id}.json`;
}

/** A node file as the report writes it; `size` is reached with more associations of the same shape. */
function nodeFile(n: number, round: number, size: number): Buffer {
  const hex = (salt: string) => objectId('blob', Buffer.from(salt));
  const associations: unknown[] = [];
  for (let a = 0; JSON.stringify(associations).length < size - 230; a++)
    associations.push({
      name: `association-${a}`,
      status: a === 0 && round % 2 === 1 ? 'Failed' : 'Success',
      severity: 'UNSPECIFIED',
      since: hex(`${a === 0 ? round : 0}`).slice(0, 12),
    });
  const file = {
    id: `mi-${hex(`node ${n}`).slice(0, 17)}`,
    publicKey: Buffer.from(hex(`key ${n}`).slice(0, 32)).toString('base64'),
    registeredAt: '2026-01-31T12:00:00Z',
    tags: { role: n % 3 === 0 ? 'web' : 'db', env: 'prod' },
    associations,
  };
  return Buffer.from(`${JSON.stringify(file, null, 1)}\n`);
}

function filesOf(round: number, size: number): Files {
  const changed = round === 0 ? NODES : CHANGED;
  const start = (round * CHANGED) % NODES;
  const files = new Map<string, Buffer>();
  for (let i = 0; i < changed; i++) {
    const n = round === 0 ? i : (start + i * 7) % NODES;
    files.set(nodePath(n), nodeFile(n, round, size));
  }
  return files;
}

const storeBytes = (gitdir: string): number =>
  readdirSync(path.join(gitdir, 'objects'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);

type Side = { commit(round: number, files: Files): Promise<Measured>; readonly gitdir: string };

async function measured(gitdir: string, act: () => Promise<void> | void): Promise<Measured> {
  const before = storeBytes(gitdir);
  const started = performance.now();
  await act();
  return { wallMs: performance.now() - started, bytes: storeBytes(gitdir) - before };
}

async function openOurs(dir: string): Promise<Side> {
  const gitdir = path.join(dir, 'ours.git');
  await ensureBareDirectory(gitdir, null);
  const pack = await openOpenPack(
    path.join(gitdir, 'objects/pack'),
    path.join(gitdir, 'open-pack'),
  );
  let root: Folder | null = null;
  let parent: string | null = null;

  async function commit(round: number, files: Files): Promise<void> {
    const next = await changeTree(root, files);
    const bytes = encodeCommit({
      tree: next.root.oid,
      parents: parent === null ? [] : [parent],
      identity: 'reconciled <reconciled@bench>',
      atSeconds: 1_750_000_000 + round,
      message: `Report ${round}\n\nReconciled-Seq: ${round}`,
    });
    const oid = objectId('commit', bytes);
    await pack.begin();
    for (const object of next.objects) pack.add(object);
    pack.add({ kind: 'commit', oid, bytes, base: null });
    await pack.flush();
    await casRef(gitdir, { ref: 'refs/heads/main', expect: parent, next: oid });
    root = next.root;
    parent = oid;
  }
  return { gitdir, commit: (round, files) => measured(gitdir, () => commit(round, files)) };
}

function openFastImport(dir: string): Side {
  const gitdir = path.join(dir, 'native.git');
  git(dir, ['init', '-q', '--bare', '-b', 'main', gitdir]);
  const args = ['-C', gitdir, '-c', 'fastimport.unpackLimit=0', 'fast-import', '--quiet'];
  return {
    gitdir,
    commit(round, files) {
      const input = fastImportStream(files, round);
      return measured(gitdir, () => {
        const ended = spawnSync('git', args, { env: gitEnv, input });
        if (ended.status !== 0) throw new Error(String(ended.stderr));
      });
    },
  };
}

function fastImportStream(files: Files, round: number): Buffer {
  const message = `Report ${round}\n`;
  const parts: Buffer[] = [
    Buffer.from(
      `commit refs/heads/main\ncommitter reconciled <reconciled@bench> ${1_750_000_000 + round} +0000\ndata ${message.length}\n${message}`,
    ),
  ];
  if (round > 0) parts.push(Buffer.from('from refs/heads/main^0\n'));
  for (const [file, bytes] of files)
    parts.push(
      Buffer.from(`M 100644 inline ${file}\ndata ${bytes.length}\n`),
      bytes,
      Buffer.from('\n'),
    );
  return Buffer.concat(parts);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

const summary = (all: readonly Measured[]) => ({
  wallMs: Math.round(median(all.map(({ wallMs }) => wallMs)) * 10) / 10,
  bytes: median(all.map(({ bytes }) => bytes)),
});

/** Both sides take turns within a round, so a busy machine slows both. */
async function compare(dir: string, size: number) {
  const sides = [await openOurs(dir), openFastImport(dir)] as const;
  const [ours, native]: [Measured[], Measured[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const files = filesOf(round, size);
    ours.push(await sides[0].commit(round, files));
    native.push(await sides[1].commit(round, files));
  }
  for (const { gitdir } of sides) git(gitdir, ['fsck', '--strict', '--no-progress']);
  const loose = readdirSync(path.join(sides[0].gitdir, 'objects')).filter((name) =>
    /^[0-9a-f]{2}$/.test(name),
  );
  if (loose.length > 0) throw new Error('there are loose objects in our store');
  const changes = (all: readonly Measured[]) => summary(all.slice(1)); // round 0 fills the fleet
  return { ours: changes(ours), native: changes(native) };
}

for (const size of [600, 3_000]) {
  const dir = tempDir('bench-status-');
  try {
    const { ours, native } = await compare(dir, size);
    const ratio = { wall: ours.wallMs / native.wallMs, bytes: ours.bytes / native.bytes };
    const within = ratio.wall <= BUDGET.wall && ratio.bytes <= BUDGET.bytes;
    const line = {
      bench: 'status-commit',
      fileBytes: size,
      rounds,
      ours,
      native,
      ratio,
      budget: BUDGET,
      within,
    };
    console.log(JSON.stringify(line));
    console.log(
      `status commit, 1,000 of 10,000 files of ${size} B: ${ratio.wall.toFixed(2)} x the wall of fast-import (budget ${BUDGET.wall}), ${ratio.bytes.toFixed(2)} x its bytes (budget ${BUDGET.bytes}): ${within ? 'within' : 'OVER'}`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
