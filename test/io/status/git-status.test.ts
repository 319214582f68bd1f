import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { instant } from '../../../src/core/model/brand.ts';
import { ReconcileError } from '../../../src/core/model/errors.ts';
import { silentLog } from '../../../src/io/log.ts';
import { openGitStatus } from '../../../src/io/status/git-status.ts';
import type { StatusConfig } from '../../../src/io/status/status-store.ts';
import type { PublishOutcome, PublishRequest } from '../../../src/reconcile/ports.ts';
import type { GitRepo } from '../../fakes/git-repo.ts';
import { fsck, git, makeRepo, tempDir } from '../../fakes/git-repo.ts';
import type { FakeGitServer } from '../../fakes/git-server.ts';
import { startGitServer } from '../../fakes/git-server.ts';

const BRANCH = 'reconciled/status';
const signal = new AbortController().signal;
let dir = '';
let repo: GitRepo;
let server: FakeGitServer;
let seq = 0;
const closers: (() => void)[] = [];

beforeEach(async () => {
  dir = tempDir();
  repo = makeRepo(dir);
  server = await startGitServer({ root: dir });
  seq = 0;
});
afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await server.close();
  rmSync(dir, { recursive: true, force: true });
});

const mirror = () => path.join(dir, 'status.git');

function remoteStatus(overrides: Partial<StatusConfig> = {}) {
  const status = openGitStatus(
    {
      url: `${server.url}/fleet.git`,
      branch: BRANCH,
      mirrorDir: mirror(),
      credentialsFile: null,
      random: () => 0,
      ...overrides,
    },
    silentLog,
  );
  closers.push(() => status.close());
  return status;
}
const localStatus = (overrides: Partial<StatusConfig> = {}) =>
  remoteStatus({ url: repo.bare, ...overrides });

function request(
  files: Readonly<{ [path: string]: string | null }>,
  overrides: Partial<PublishRequest> = {},
): PublishRequest {
  seq += 1;
  return {
    files: new Map(
      Object.entries(files).map(([file, text]) => [file, text === null ? null : Buffer.from(text)]),
    ),
    complete: false,
    subject: `Report ${seq}`,
    trailers: { 'Reconciled-Source-Revision': 'a'.repeat(40) },
    instance: 'prod',
    seq,
    at: instant(1_750_000_000_000 + seq * 60_000),
    ...overrides,
  };
}
const whole = (
  files: Readonly<{ [path: string]: string }>,
  overrides: Partial<PublishRequest> = {},
) => request(files, { complete: true, ...overrides });

const FLEET = {
  'README.md': '# ok\n',
  'nodes/ab/n1.json': '{"a":1}\n',
  'nodes/cd/n2.json': '{"a":2}\n',
};

function expectPublished(outcome: PublishOutcome): Extract<PublishOutcome, { kind: 'published' }> {
  assert.equal(outcome.kind, 'published');
  return outcome;
}

const codeIs = (code: string) => (error: unknown) => {
  assert.ok(error instanceof ReconcileError, `typed error, not ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return true;
};

function looseObjects(gitdir: string): string[] {
  return readdirSync(path.join(gitdir, 'objects')).filter((name) => /^[0-9a-f]{2}$/.test(name));
}

for (const [kind, open] of [
  ['remote', remoteStatus],
  ['local', localStatus],
] as const) {
  describe(`a ${kind} status branch`, () => {
    for (const turns of [0, 1, 3, 10]) {
      test(`called off after ${turns} turns, a publish leaves the old or the new, and the next one is whole`, async () => {
        const status = open();
        expectPublished(await status.publish(whole(FLEET), signal));
        const many = Object.fromEntries(
          Array.from({ length: 3_000 }, (_, i) => [`nodes/ab/m${i}.json`, `{"n":${i}}\n`]),
        );
        const changed = request({ ...many, 'nodes/ab/n1.json': '{"a":3}\n' });
        const leave = new AbortController();
        const publishing = status.publish(changed, leave.signal).then(
          () => 'published',
          (error: unknown) => error,
        );
        for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
        leave.abort(new Error('told to leave'));
        const outcome = await publishing;
        const isThere = repo.list(BRANCH).includes('nodes/ab/m0.json');
        if (outcome === 'published') assert.ok(isThere);
        const next = request({ ...many, 'nodes/ab/n1.json': '{"a":4}\n' });
        assert.notEqual((await status.publish(next, signal)).kind, 'rebuild');
        assert.equal(repo.list(BRANCH).length, 3_003);
        assert.equal(repo.show('nodes/ab/n1.json', BRANCH), '{"a":4}');
        fsck(repo.bare);
      });
    }

    test('a report becomes one commit with our identity, date and trailers', async () => {
      const { commit } = expectPublished(await open().publish(whole(FLEET), signal));
      assert.equal(repo.tip(BRANCH), commit);
      assert.deepEqual(repo.list(BRANCH), Object.keys(FLEET).sort());
      assert.equal(repo.show('nodes/ab/n1.json', BRANCH), '{"a":1}');
      const us = 'reconciled <reconciled@prod> 1750000060';
      assert.equal(
        git(repo.bare, ['log', '-1', '--format=%an <%ae> %at|%cn <%ce> %ct', commit]),
        `${us}|${us}`,
      );
      assert.equal(
        git(repo.bare, ['log', '-1', '--format=%(trailers:only)', commit]).trim(),
        `Reconciled-Source-Revision: ${'a'.repeat(40)}\nReconciled-Instance: prod\nReconciled-Seq: 1`,
      );
    });

    test('a commit has a number above the one it stands on, whatever the daemon remembers', async () => {
      const status = open();
      const first = expectPublished(await status.publish(whole(FLEET, { seq: 7 }), signal));
      assert.equal(first.seq, 7);
      // Killed before it could write down that 7 was published: it asks for what it knows of.
      const again = { 'README.md': '# again\n' };
      const second = expectPublished(await status.publish(request(again, { seq: 3 }), signal));
      assert.equal(second.seq, 8);
      repo.commit({ 'notes.md': 'by hand\n' }, { branch: BRANCH, message: 'by hand' });
      const third = expectPublished(await status.publish(whole(FLEET, { seq: 4 }), signal));
      assert.equal(third.seq, 9);
      assert.match(repo.message(third.commit), /^Reconciled-Seq: 9$/m);
    });

    test('another daemon of the instance is told of, and nobody else is', async () => {
      const [mine, copy] = [open(), open({ mirrorDir: path.join(dir, 'copy.git') })];
      const say = async (status: typeof mine, word: string) =>
        expectPublished(await status.publish(whole({ 'README.md': `# ${word}\n` }), signal));
      const first = await say(mine, 'mine');
      const second = await say(copy, 'of the copy');
      assert.equal(second.rival, null, 'it has not left anything yet: this may be its own past');
      assert.equal((await say(mine, 'mine again')).rival, second.commit);
      assert.notEqual((await say(copy, 'and again')).rival, null);

      const ours = await say(mine, 'whole');
      for (const { name, act } of [
        {
          name: 'a person on top',
          act: () => repo.commit({ 'notes.md': 'x' }, { branch: BRANCH, message: 'by hand' }),
        },
        { name: 'set back', act: () => repo.restore(first.commit, BRANCH) },
        {
          name: 'our message written anew',
          act: () => {
            repo.restore(ours.commit, BRANCH);
            const message = repo.message(ours.commit);
            repo.commit({ 'notes.md': 'x' }, { branch: BRANCH, message });
          },
        },
        { name: 'deleted', act: () => repo.deleteBranch(BRANCH) },
      ]) {
        act();
        assert.equal((await say(mine, name)).rival, null, name);
        repo.restore(ours.commit, BRANCH);
      }
    });

    test('changes, additions and removals touch only what they name', async () => {
      const status = open();
      const first = expectPublished(await status.publish(whole(FLEET), signal));
      const second = expectPublished(
        await status.publish(
          request({
            'nodes/ab/n1.json': '{"a":3}\n',
            'nodes/cd/n2.json': null,
            'plan.json': '{}\n',
          }),
          signal,
        ),
      );
      assert.deepEqual(repo.log(BRANCH), [second.commit, first.commit]);
      assert.deepEqual(repo.list(BRANCH), ['README.md', 'nodes/ab/n1.json', 'plan.json']);
      assert.equal(repo.show('nodes/ab/n1.json', BRANCH), '{"a":3}');
      assert.equal(fsck(repo.bare), '');
    });

    test('unchanged content makes no commit, partial or complete, before and after a restart', async () => {
      const status = open();
      const { commit } = expectPublished(await status.publish(whole(FLEET), signal));
      const unchanged = { kind: 'unchanged', commit, rival: null };
      assert.deepEqual(await status.publish(request({ 'README.md': '# ok\n' }), signal), unchanged);
      assert.deepEqual(await status.publish(request({ 'no/such.json': null }), signal), unchanged);
      assert.deepEqual(await status.publish(whole(FLEET), signal), unchanged);
      status.close();
      assert.deepEqual(await open().publish(request({ 'README.md': '# ok\n' }), signal), unchanged);
      assert.deepEqual(repo.log(BRANCH), [commit]);
    });

    test('a restart continues from what was left', async () => {
      const first = open();
      const { commit } = expectPublished(await first.publish(whole(FLEET), signal));
      first.close();
      const next = expectPublished(
        await open().publish(request({ 'README.md': '# new\n' }), signal),
      );
      assert.deepEqual(repo.log(BRANCH), [next.commit, commit]);
      assert.equal(fsck(repo.bare), '');
    });

    test('a deleted branch asks for everything, then begins again', async () => {
      const status = open();
      await status.publish(whole(FLEET), signal);
      repo.deleteBranch(BRANCH);
      git(repo.bare, ['gc', '-q', '--prune=now']);
      assert.deepEqual(await status.publish(request({ 'README.md': '# x\n' }), signal), {
        kind: 'rebuild',
        reason: 'deleted',
      });
      const { commit } = expectPublished(await status.publish(whole(FLEET), signal));
      assert.deepEqual(repo.log(BRANCH), [commit]);
      await status.publish(request({ 'README.md': '# y\n' }), signal);
      assert.equal(repo.show('README.md', BRANCH), '# y');
      assert.equal(fsck(repo.bare), '');
    });

    test('a hand-edited branch asks for everything, keeps their commit below ours, and names what was foreign', async () => {
      const status = open();
      await status.publish(whole(FLEET), signal);
      const theirs = repo.commit(
        { 'README.md': 'all is well, trust me', 'notes/todo.txt': 'mine' },
        { branch: BRANCH },
      );
      assert.deepEqual(await status.publish(request({ 'README.md': '# x\n' }), signal), {
        kind: 'rebuild',
        reason: 'edited',
      });
      const outcome = expectPublished(await status.publish(whole(FLEET), signal));
      assert.deepEqual(outcome.foreignPaths, ['notes/todo.txt']);
      assert.deepEqual(repo.log(BRANCH).slice(0, 2), [outcome.commit, theirs]);
      assert.deepEqual(repo.list(BRANCH), Object.keys(FLEET).sort());
      assert.equal(fsck(repo.bare), '');
    });

    test('a branch replaced by unrelated history is parented on what is there', async () => {
      const status = open();
      await status.publish(whole(FLEET), signal);
      const theirs = repo.forcePush({ 'x.txt': 'x' }, BRANCH);
      const outcome = expectPublished(await status.publish(whole(FLEET), signal));
      assert.deepEqual(repo.log(BRANCH), [outcome.commit, theirs]);
      assert.deepEqual(outcome.foreignPaths, ['x.txt']);
    });

    test('the branch of another instance is refused, also under a commit made by hand', async () => {
      await open().publish(whole(FLEET, { instance: 'staging' }), signal);
      const other = open({ mirrorDir: path.join(dir, 'second.git') });
      const tip = repo.tip(BRANCH);
      await assert.rejects(other.publish(whole(FLEET), signal), codeIs('STATUS_FOREIGN_INSTANCE'));
      repo.commit({ 'by-hand': 'x' }, { branch: BRANCH });
      await assert.rejects(
        other.publish(request(FLEET), signal),
        codeIs('STATUS_FOREIGN_INSTANCE'),
      );
      assert.equal(git(repo.bare, ['rev-parse', `${BRANCH}~1`]), tip);
    });

    test('a lost store finds its own branch and asks for everything once', async () => {
      const first = open();
      const { commit } = expectPublished(await first.publish(whole(FLEET), signal));
      first.close();
      rmSync(mirror(), { recursive: true, force: true });
      const status = open();
      assert.deepEqual(await status.publish(request({ 'README.md': '# x\n' }), signal), {
        kind: 'rebuild',
        reason: 'unknown',
      });
      const outcome = await status.publish(whole(FLEET), signal);
      assert.deepEqual(outcome, { kind: 'unchanged', commit, rival: null });
      expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
      assert.equal(repo.show('README.md', BRANCH), '# x');
      assert.equal(fsck(repo.bare), '');
    });

    test('the tip can be read back for recovery', async () => {
      assert.equal(await open().tip(signal), null);
      const { commit } = expectPublished(await open().publish(whole(FLEET), signal));
      rmSync(mirror(), { recursive: true, force: true });
      const tip = await open({ mirrorDir: path.join(dir, 'fresh.git') }).tip(signal);
      assert.ok(tip);
      assert.deepEqual([tip.commit, tip.instance, tip.seq], [commit, 'prod', 1]);
      assert.deepEqual(await tip.list('nodes'), ['nodes/ab/n1.json', 'nodes/cd/n2.json']);
      assert.equal(Buffer.from((await tip.read('nodes/ab/n1.json')) ?? []).toString(), '{"a":1}\n');
      assert.equal(await tip.read('nodes/none.json'), null);
    });

    test('a tip edited by hand is that of the nearest commit that names an instance, with its files', async () => {
      await open().publish(whole(FLEET), signal);
      repo.commit({ 'README.md': 'all is well' }, { branch: BRANCH });
      const theirs = repo.commit({ 'README.md': 'trust me' }, { branch: BRANCH });
      const tip = await open({ mirrorDir: path.join(dir, 'fresh.git') }).tip(signal);
      assert.ok(tip);
      assert.deepEqual([tip.commit, tip.instance, tip.seq], [theirs, 'prod', 1]);
      assert.equal(Buffer.from((await tip.read('README.md')) ?? []).toString(), 'trust me');
      repo.forcePush({ 'state.json': '{}' }, BRANCH);
      const unnamed = await open({ mirrorDir: path.join(dir, 'other.git') }).tip(signal);
      assert.deepEqual([unnamed?.instance, unnamed?.seq], [null, null]);
    });

    test('hundreds of reports stay one pack of bounded chains, clean under fsck, without loose objects', async () => {
      const status = open();
      await status.publish(whole(Object.fromEntries(nodeFiles(60, 0))), signal);
      for (let round = 1; round <= 50; round++)
        await status.publish(request(Object.fromEntries(nodeFiles(60, round).slice(0, 7))), signal);
      assert.equal(repo.log(BRANCH).length, 51);
      const store = kind === 'remote' ? mirror() : repo.bare;
      assert.equal(fsck(store), '');
      assert.equal(fsck(repo.bare), '');
      assert.deepEqual(looseObjects(store), []);
      const packs = readdirSync(path.join(store, 'objects/pack')).filter((name) =>
        name.endsWith('.idx'),
      );
      assert.equal(packs.length, 1);
      const verify = git(store, [
        'verify-pack',
        '-v',
        path.join(store, 'objects/pack', packs[0] ?? ''),
      ]);
      const lengths = [...verify.matchAll(/^chain length = (\d+)/gm)].map((match) =>
        Number(match[1]),
      );
      assert.ok(lengths.length > 0, 'there are deltas');
      assert.ok(Math.max(...lengths) <= 40, `longest chain ${Math.max(...lengths)}`);
    });

    test("the reader's git gc in the store changes nothing", async () => {
      const status = open();
      await status.publish(whole(FLEET), signal);
      await status.publish(request({ 'README.md': '# 2\n' }), signal);
      git(kind === 'remote' ? mirror() : repo.bare, ['gc', '-q', '--prune=now']);
      expectPublished(await status.publish(request({ 'README.md': '# 3\n' }), signal));
      assert.equal(repo.show('README.md', BRANCH), '# 3');
      assert.equal(fsck(repo.bare), '');
    });
  });
}

/** Node files of about 600 bytes, of which one field changes with the round. */
function nodeFiles(count: number, round: number): [string, string][] {
  return Array.from({ length: count }, (_, n) => [
    `nodes/${(n % 16).toString(16)}f/mi-${n}.json`,
    JSON.stringify({
      id: n,
      tags: 'role=web '.repeat(40),
      status: `Success ${round}`,
      rest: 'x'.repeat(200),
    }),
  ]);
}

describe('a push', () => {
  test('that loses a race again and again lands on the last tip', async () => {
    const status = remoteStatus();
    await status.publish(whole(FLEET), signal);
    let rivals = 3;
    server.beforePush(() => {
      if (rivals-- > 0) repo.commit({ [`rival-${rivals}`]: 'x' }, { branch: BRANCH });
    });
    const outcome = expectPublished(
      await status.publish(whole({ ...FLEET, 'plan.json': '{}' }), signal),
    );
    assert.equal(repo.tip(BRANCH), outcome.commit);
    assert.equal(repo.log(BRANCH).length, 1 + 3 + 1);
    assert.deepEqual([...outcome.foreignPaths].sort(), ['rival-0', 'rival-1', 'rival-2']);
    assert.equal(fsck(repo.bare), '');
  });

  test('that loses a race with a partial report asks for everything', async () => {
    const status = remoteStatus();
    await status.publish(whole(FLEET), signal);
    let rivals = 1;
    server.beforePush(() => {
      if (rivals-- > 0) repo.commit({ rival: 'x' }, { branch: BRANCH });
    });
    assert.deepEqual(await status.publish(request({ 'README.md': '# x\n' }), signal), {
      kind: 'rebuild',
      reason: 'edited',
    });
  });

  test('whose answer is lost makes one commit, not two', async () => {
    const status = remoteStatus();
    const first = expectPublished(await status.publish(whole(FLEET), signal));
    server.failPushes({ kind: 'lost-answer' });
    const second = expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
    assert.deepEqual(repo.log(BRANCH), [second.commit, first.commit]);
  });

  test('that never arrived is sent again, the same commit', async () => {
    const status = remoteStatus();
    const first = expectPublished(await status.publish(whole(FLEET), signal));
    server.failPushes({ kind: 'drop' }, 3);
    const second = expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
    assert.deepEqual(repo.log(BRANCH), [second.commit, first.commit]);
    assert.equal(fsck(repo.bare), '');
  });

  test('that is never answered ends as unreachable; what was sent is found by the next report', async () => {
    const status = remoteStatus();
    await status.publish(whole(FLEET), signal);
    server.failPushes({ kind: 'status', status: 502 }, 99);
    await assert.rejects(
      status.publish(request({ 'README.md': '# x\n' }), signal),
      codeIs('STATUS_UNREACHABLE'),
    );
    server.fail(null);
    expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
    assert.equal(repo.log(BRANCH).length, 2);
  });

  test('among several publishers at once: every report arrives, none is lost from history', async () => {
    const publishers = [1, 2, 3].map((n) =>
      remoteStatus({ mirrorDir: path.join(dir, `writer-${n}.git`), random: Math.random }),
    );
    const reports = publishers.flatMap((status, n) =>
      [1, 2].map(
        (round) => () => status.publish(whole({ ...FLEET, 'who.txt': `${n} ${round}` }), signal),
      ),
    );
    const outcomes = await Promise.all(reports.map((report) => report()));
    const log = repo.log(BRANCH);
    for (const outcome of outcomes) assert.ok(log.includes(expectPublished(outcome).commit));
    assert.equal(log.length, outcomes.length);
    assert.equal(fsck(repo.bare), '');
  });

  test('whose answer is lost while the daemon dies is found after the restart', async () => {
    const first = remoteStatus();
    await first.publish(whole(FLEET), signal);
    const abort = new AbortController();
    server.fail((incoming) => {
      if (incoming.method === 'POST' && incoming.url?.endsWith('git-receive-pack') === true) {
        setTimeout(() => abort.abort(), 400);
        return { kind: 'stall-body', bytes: 0 };
      }
      return null;
    });
    await assert.rejects(first.publish(request({ 'README.md': '# x\n' }), abort.signal));
    first.close();
    server.fail(null);
    assert.equal(repo.log(BRANCH).length, 2, 'it was applied');
    const status = remoteStatus();
    assert.equal(
      (await status.publish(request({ 'README.md': '# x\n' }), signal)).kind,
      'unchanged',
    );
    expectPublished(await status.publish(request({ 'README.md': '# y\n' }), signal));
    assert.equal(repo.log(BRANCH).length, 3);
  });

  test('that fails for good leaves nothing behind that a later one could trip over', async () => {
    const status = remoteStatus();
    await status.publish(whole(FLEET), signal);
    const abort = new AbortController();
    server.failPushes({ kind: 'status', status: 403 });
    await assert.rejects(
      status.publish(request({ 'README.md': '# lost\n' }), abort.signal),
      codeIs('STATUS_AUTH'),
    );
    server.fail(null);
    expectPublished(
      await status.publish(request({ 'README.md': '# lost\n', 'b.json': '{}' }), signal),
    );
    assert.equal(repo.show('README.md', BRANCH), '# lost');
    expectPublished(await status.publish(request({ 'README.md': '# ok\n' }), signal));
    assert.equal(fsck(repo.bare), '');
  });

  test('to a protected branch is refused with the reason of the server, and succeeds when allowed', async () => {
    const status = remoteStatus();
    await status.publish(whole(FLEET), signal);
    repo.hook('update', 'exit 1');
    await assert.rejects(
      status.publish(request({ 'README.md': '# x\n' }), signal),
      codeIs('STATUS_REFUSED'),
    );
    repo.hook('update', 'exit 0');
    expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
  });

  test('to a server that cannot use our deltas is repeated in full', async () => {
    const status = remoteStatus();
    const long = Array.from({ length: 200 }, (_, n) => `line ${n}\n`).join('');
    await status.publish(whole({ 'a.txt': long }), signal);
    // The server loses the base: nothing in its history is whole, so only a full pack can be indexed.
    git(repo.bare, ['config', 'receive.unpackLimit', '1']);
    const packs = path.join(repo.bare, 'objects');
    const oid = git(repo.bare, ['rev-parse', `${BRANCH}:a.txt`]);
    rmSync(path.join(packs, oid.slice(0, 2), oid.slice(2)), { force: true });
    const outcome = await status.publish(request({ 'a.txt': `${long}more\n` }), signal);
    assert.equal(outcome.kind, 'published');
    assert.match(repo.show('a.txt', BRANCH), /more$/);
  });

  test('is checked by receive.fsckObjects without a complaint', async () => {
    git(repo.bare, ['config', 'receive.fsckObjects', 'true']);
    git(repo.bare, ['config', 'receive.unpackLimit', '1']);
    const status = remoteStatus();
    await status.publish(whole(FLEET), signal);
    expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
  });

  for (const [status, code] of [
    [401, 'STATUS_AUTH'],
    [500, 'STATUS_UNREACHABLE'],
  ] as const)
    test(`meets HTTP ${status}: ${code}`, async () => {
      server.fail(() => ({ kind: 'status', status }));
      await assert.rejects(remoteStatus().publish(whole(FLEET), signal), codeIs(code));
    });
});

describe('the status repository', () => {
  test('may be one of its own, with no branch but ours', async () => {
    makeRepo(dir, 'reports.git');
    const url = `${server.url}/reports.git`;
    const first = remoteStatus({ url });
    await first.publish(whole(FLEET), signal);
    rmSync(mirror(), { recursive: true, force: true });
    const again = remoteStatus({ url, mirrorDir: path.join(dir, 'again.git') });
    assert.equal((await again.publish(whole({ ...FLEET, x: 'y' }), signal)).kind, 'published');
    assert.equal(fsck(path.join(dir, 'again.git')), '');
  });

  test('a damaged mirror is set aside and asked for again', async () => {
    const first = remoteStatus();
    await first.publish(whole(FLEET), signal);
    first.close();
    const packs = path.join(mirror(), 'objects/pack');
    const pack = readdirSync(packs).find((name) => name.endsWith('.pack')) ?? '';
    const bytes = readFileSync(path.join(packs, pack));
    bytes[40] = (bytes[40] ?? 0) ^ 0xff;
    writeFileSync(path.join(packs, pack), bytes);
    const status = remoteStatus();
    assert.equal((await status.publish(request({ 'README.md': '# x\n' }), signal)).kind, 'rebuild');
    assert.ok(existsSync(`${mirror()}.damaged`));
    expectPublished(await status.publish(whole({ ...FLEET, 'README.md': '# x\n' }), signal));
    assert.equal(fsck(mirror()), '');
    assert.equal(fsck(repo.bare), '');
  });

  for (const [kind, open] of [
    ['remote', remoteStatus],
    ['local', localStatus],
  ] as const)
    test(`a store that is removed under a running daemon is made anew (${kind})`, async () => {
      const status = open();
      await status.publish(whole(FLEET), signal);
      rmSync(mirror(), { recursive: true, force: true });
      let outcome = await status.publish(request({ 'README.md': '# x\n' }), signal);
      if (outcome.kind === 'rebuild')
        outcome = await status.publish(whole({ ...FLEET, 'README.md': '# x\n' }), signal);
      expectPublished(outcome);
      expectPublished(await status.publish(request({ 'README.md': '# y\n' }), signal));
      assert.equal(repo.show('README.md', BRANCH), '# y');
      assert.equal(fsck(repo.bare), '');
    });

  test('a branch that is checked out in a work tree is not moved', async () => {
    repo.commit({ 'README.md': 'x' });
    git(repo.work, ['checkout', '-q', '-b', BRANCH]);
    const status = localStatus({ url: repo.work });
    await assert.rejects(status.publish(whole(FLEET), signal), codeIs('STATUS_REFUSED'));
    git(repo.work, ['checkout', '-q', 'main']);
    git(repo.work, ['branch', '-q', '-D', BRANCH]);
    const linked = path.join(dir, 'linked');
    git(repo.work, ['worktree', 'add', '-q', '-b', BRANCH, linked]);
    await assert.rejects(status.publish(whole(FLEET), signal), codeIs('STATUS_REFUSED'));
  });

  test('a lock that another Git holds is waited for', async () => {
    const status = localStatus();
    await status.publish(whole(FLEET), signal);
    const lock = path.join(repo.bare, 'refs/heads', `${BRANCH}.lock`);
    mkdirSync(path.dirname(lock), { recursive: true });
    writeFileSync(lock, '');
    setTimeout(() => rmSync(lock), 30);
    expectPublished(await status.publish(request({ 'README.md': '# x\n' }), signal));
    writeFileSync(lock, '');
    await assert.rejects(
      status.publish(request({ 'README.md': '# y\n' }), signal),
      codeIs('STATUS_REFUSED'),
    );
  });
});
