import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../../src/core/model/brand.ts';
import { silentLog } from '../../../src/io/log.ts';
import { openGitStatus } from '../../../src/io/status/git-status.ts';
import type { PublishOutcome, PublishRequest } from '../../../src/reconcile/ports.ts';
import { fsck, git, gitTry, makeRepo, tempDir } from '../../fakes/git-repo.ts';
import { startGitServer } from '../../fakes/git-server.ts';

const BRANCH = 'reconciled/status';
const signal = new AbortController().signal;

type Step =
  | { readonly kind: 'report'; readonly files: readonly (readonly [number, number | null])[] }
  | { readonly kind: 'edit' | 'delete' | 'rewrite' | 'restart' | 'lose-store' | 'gc' }
  | { readonly kind: 'lost-answer' | 'drop' | 'rival' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      files: fc.array(fc.tuple(fc.nat(8), fc.option(fc.nat(3), { freq: 5 })), {
        minLength: 1,
        maxLength: 5,
      }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'edit',
        'delete',
        'rewrite',
        'restart',
        'lose-store',
        'gc',
        'lost-answer',
        'drop',
        'rival',
      ),
    }),
  },
);

const nodePath = (n: number) => `nodes/${n % 3}/n${n}.json`;
const content = (n: number, version: number) =>
  `${`node ${n} is as it was\n`.repeat(12)}version ${version}\n`;

/** A daemon's view: reports what changed; asked to rebuild, it reports everything. */
test('whatever happens to the branch, the store and the wire, a report that succeeds is what stands there', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
      const dir = tempDir();
      const repo = makeRepo(dir);
      git(repo.bare, ['config', 'receive.fsckObjects', 'true']);
      const server = await startGitServer({ root: dir });
      const mirrorDir = path.join(dir, 'status.git');
      const open = () =>
        openGitStatus(
          {
            url: `${server.url}/fleet.git`,
            branch: BRANCH,
            mirrorDir,
            credentialsFile: null,
            random: () => 0,
          },
          silentLog,
        );
      let status = open();
      const truth = new Map<string, Buffer>([['README.md', Buffer.from('# fleet\n')]]);
      let seq = 0;
      let rivals = 0;

      async function publish(
        files: PublishRequest['files'],
        complete: boolean,
      ): Promise<PublishOutcome> {
        seq += 1;
        const at = instant(1_750_000_000_000 + seq * 1_000);
        return status.publish(
          { files, complete, subject: `Report ${seq}`, trailers: {}, instance: 'prod', seq, at },
          signal,
        );
      }

      async function report(changes: ReadonlyMap<string, Buffer | null>): Promise<void> {
        for (const [file, bytes] of changes) {
          if (bytes === null) truth.delete(file);
          else truth.set(file, bytes);
        }
        let outcome = await publish(changes, false);
        if (outcome.kind === 'rebuild') outcome = await publish(truth, true);
        server.fail(null);
        assert.notEqual(outcome.kind, 'rebuild');
        assert.deepEqual(repo.list(BRANCH), [...truth.keys()].sort());
        for (const [file, bytes] of truth)
          assert.equal(`${repo.show(file, BRANCH)}\n`, bytes.toString(), file);
      }

      try {
        await report(new Map());
        for (const next of steps) {
          switch (next.kind) {
            case 'report':
              await report(
                new Map(
                  next.files.map(([n, v]) => [
                    nodePath(n),
                    v === null ? null : Buffer.from(content(n, v)),
                  ]),
                ),
              );
              break;
            case 'edit':
              repo.commit(
                { 'README.md': `edited ${seq}\n`, [`foreign-${seq}`]: 'x' },
                { branch: BRANCH },
              );
              break;
            case 'delete':
              gitTry(repo.bare, ['update-ref', '-d', `refs/heads/${BRANCH}`]);
              gitTry(repo.bare, ['gc', '-q', '--prune=now']);
              break;
            case 'rewrite':
              repo.forcePush({ other: `${seq}` }, BRANCH);
              break;
            case 'restart':
              status.close();
              status = open();
              break;
            case 'lose-store':
              status.close();
              rmSync(mirrorDir, { recursive: true, force: true });
              status = open();
              break;
            case 'gc':
              gitTry(mirrorDir, ['gc', '-q', '--prune=now']);
              break;
            case 'lost-answer':
            case 'drop':
              server.failPushes({ kind: next.kind });
              break;
            case 'rival':
              rivals = 1;
              server.beforePush(() => {
                if (rivals-- > 0) repo.commit({ [`rival-${seq}`]: 'x' }, { branch: BRANCH });
              });
              break;
          }
        }
        await report(new Map([[nodePath(0), Buffer.from(content(0, 99))]]));
        assert.equal(fsck(repo.bare), '');
        assert.equal(fsck(mirrorDir), '');
      } finally {
        status.close();
        await server.close();
        rmSync(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: Number(process.env['CHAOS_RUNS'] ?? 4) },
  );
});
