/** Which of two status branches a clone's reader is shown. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openStatus } from '../../src/cli/open-status.ts';
import { git, makeRepo } from '../fakes/git-repo.ts';

const STATUS = 'reconciled/status';
const report = (seq: number): string =>
  `report\n\nReconciled-Instance: prod\nReconciled-Seq: ${seq}\n`;

test('of the local and the fetched status branch, the newer report is read', async (t) => {
  const repo = makeRepo();
  t.after(() => repo.remove());
  repo.commit({ 'reconciled.yaml': '' });
  const older = repo.commit({ 'summary.json': '1' }, { branch: STATUS, message: report(9) });
  const newer = repo.commit({ 'summary.json': '2' }, { branch: STATUS, message: report(10) });
  git(repo.work, ['checkout', '-q', '--detach']);
  git(repo.work, ['fetch', '-q', 'origin', '+refs/heads/*:refs/remotes/origin/*']);
  const shown = async () => (await openStatus(repo.work, null))?.commit;

  git(repo.work, ['branch', '-f', STATUS, older]);
  assert.equal(await shown(), newer, 'somebody once checked it out to look at it');
  assert.equal((await openStatus(repo.work, STATUS))?.commit, older, 'unless it is asked for');

  git(repo.work, ['branch', '-f', STATUS, newer]);
  git(repo.work, ['update-ref', `refs/remotes/origin/${STATUS}`, older]);
  assert.equal(await shown(), newer, 'the daemon writes into this very repository');

  git(repo.work, ['branch', '-D', STATUS]);
  assert.equal(await shown(), older);
});
