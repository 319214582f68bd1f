import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fsck, git } from '../fakes/git-repo.ts';
import { association, mark, script } from './files.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

/** An idle daemon looks at its branch about as often as it may write it. */
const HEAL_MS_MAX = 20_000;
const QUIET_MS = 1_500;

const greeting = (word: string) => script('Greet', [mark('greet', word)]);

const fleet = await openFleet({
  files: { ...greeting('first'), ...association('greet', { Name: 'Greet' }) },
  nodes: { a: {} },
});
after(() => fleet.close());

const seqOf = (commit: string): number =>
  Number(/^Reconciled-Seq: (\d+)$/m.exec(fleet.repo.message(commit))?.[1]);
const tip = (): string => fleet.repo.tip(STATUS_BRANCH) ?? '';
const listed = (): readonly string[] => fleet.repo.list(STATUS_BRANCH);

await fleet.converged(fleet.repo.tip() ?? '');

test('nothing changes, nothing is committed', async () => {
  await fleet.stays(settledAt(tip()), 'no further status commit', QUIET_MS);
});

test('a deleted status branch comes back whole, though nothing in the fleet has changed', async () => {
  const before = listed();
  fleet.repo.deleteBranch(STATUS_BRANCH);
  await fleet.until(() => tip() !== '', 'the branch is there again', HEAL_MS_MAX);
  assert.deepEqual(listed(), before);
});

test('a status branch that somebody edited becomes ours again and lists what was foreign', async () => {
  const before = listed();
  fleet.repo.commit(
    { 'notes.md': 'mine\n', 'README.md': '# All is well\n' },
    { branch: STATUS_BRANCH, message: 'by hand' },
  );
  const edit = tip();
  await fleet.until(() => !listed().includes('notes.md'), 'the foreign file goes', HEAL_MS_MAX);
  assert.deepEqual(listed(), before);
  await fleet.until(
    () => fleet.summary()?.foreignPaths.includes('notes.md') === true,
    'the summary lists it',
  );
  assert.match(fleet.repo.show('README.md', STATUS_BRANCH), /notes\.md/);
  assert(fleet.repo.log(STATUS_BRANCH).includes(edit), 'the edit stays in the history');
});

test('a push whose answer is lost is one commit all the same', async () => {
  fleet.server.failPushes({ kind: 'lost-answer' }, 2);
  const revision = fleet.commit(greeting('second'));
  await fleet.converged(revision); // the branch has it before the daemon knows
  await fleet.until(
    () => fleet.daemonLog().includes('status push without an answer'),
    'the daemon waits for an answer in vain',
  );
  fleet.server.fail(null);
  const sequence = ownCommits().map(seqOf);
  assert.equal(new Set(sequence).size, sequence.length, `each once: ${sequence.join(' ')}`);
});

test('a pusher who is faster at every second push delays the status, and loses nothing', async () => {
  let pushes = 0;
  fleet.server.beforePush(() => {
    if (pushes++ % 2 === 0 && pushes < 6) commitBeside(`race-${pushes}.md`);
  });
  const revision = fleet.commit(greeting('third'));
  await fleet.converged(revision);
  fleet.server.beforePush(null);
  assert(pushes >= 2, 'the daemon was overtaken and pushed again');
  await fleet.until(
    () => listed().every((path) => !path.startsWith('race-')),
    'what others pushed goes',
    HEAL_MS_MAX,
  );
  const sequence = ownCommits().map(seqOf);
  assert.equal(new Set(sequence).size, sequence.length);
  assert.equal(fsck(fleet.repo.bare), '');
});

function settledAt(commit: string): () => boolean {
  return () => tip() === commit;
}

/** Status commits by the daemon, newest first. */
function ownCommits(): string[] {
  return fleet.repo
    .log(STATUS_BRANCH)
    .filter((commit) => /^Reconciled-Seq:/m.test(fleet.repo.message(commit)));
}

/** Directly in the bare repository: the work tree is the author's. */
function commitBeside(file: string): void {
  const { bare } = fleet.repo;
  const blob = git(bare, ['hash-object', '-w', '--stdin'], 'race\n');
  const tree = git(
    bare,
    ['mktree'],
    `${git(bare, ['ls-tree', tip()])}\n100644 blob ${blob}\t${file}\n`,
  );
  const commit = git(bare, ['commit-tree', tree, '-p', tip(), '-m', file]);
  git(bare, ['update-ref', `refs/heads/${STATUS_BRANCH}`, commit]);
}
