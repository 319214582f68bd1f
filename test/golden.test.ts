/**
 * Golden folders: a repository and a fleet in, the plan and the whole status branch out, byte for byte. `sample-repo/` is the
 * first case. `UPDATE_GOLDEN=1 npm test` rewrites them; the diff is the review.
 *
 *   test/golden/river/<case>/fleet.json   { "repo", "now", "nodes": [{ "n", "name", "tags" }], "fails": [[association, n]] }
 *   test/golden/river/<case>/status/…     what the daemon would commit
 */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { digestOf } from '../src/core/canonical/digest.ts';
import { parseInstant } from '../src/core/model/brand.ts';
import { present } from '../src/core/model/errors.ts';
import type { Outcome } from '../src/core/model/state.ts';
import { readLibrary } from '../src/io/library.ts';
import { loadHere } from '../src/io/load-here.ts';
import { openDirectory } from '../src/io/source/directory.ts';
import { commit, hello, node, TestFleet } from './fakes/fleet.ts';
import { statusFilesOf } from './fakes/status-files.ts';

type Case = {
  readonly repo: string;
  readonly now: string;
  readonly nodes: readonly {
    readonly n: number;
    readonly name: string;
    readonly tags: { readonly [key: string]: string };
  }[];
  /** Runs that fail: association and node. */
  readonly fails: readonly (readonly [string, number])[];
  /** Nodes that never connect. */
  readonly offline: readonly number[];
};

const root = fileURLToPath(new URL('..', import.meta.url));
const cases = join(root, 'test', 'golden', 'river');

for (const name of readdirSync(cases)) {
  test(`golden river: ${name}`, async () => {
    const folder = join(cases, name);
    const given = JSON.parse(readFileSync(join(folder, 'fleet.json'), 'utf8')) as Case;
    const told = await play(given);
    const status = join(folder, 'status');
    if (process.env['UPDATE_GOLDEN'] === '1') {
      rmSync(status, { recursive: true, force: true });
      for (const [path, text] of told) {
        mkdirSync(dirname(join(status, path)), { recursive: true });
        writeFileSync(join(status, path), text);
      }
    }
    assert.deepEqual(filesBelow(status), [...told.keys()].sort());
    for (const [path, text] of told) {
      assert.equal(text, readFileSync(join(status, path), 'utf8'), path);
    }
  });
}

/** The revision is accepted, everybody who can connects and runs what is owed; then the report is written. */
async function play(given: Case): Promise<ReadonlyMap<string, string>> {
  const snapshot = await openDirectory(join(root, given.repo));
  const loaded = await loadHere(
    snapshot,
    { library: await readLibrary(), builtActions: ['aws:runShellScript'] },
    AbortSignal.timeout(20_000),
  );
  const fleet = new TestFleet();
  fleet.now = present(parseInstant(given.now), 'the case names an instant');
  fleet.happen(
    ...given.nodes.map(({ n, name, tags }) => ({
      kind: 'recovered' as const,
      records: [
        {
          kind: 'registered' as const,
          registration: {
            node: node(n),
            publicKey: `ed25519:${n}`,
            activationId: 'golden',
            name,
            tags,
            at: fleet.now,
          },
        },
      ],
    })),
  );
  fleet.accept({ commit: commit(1), ...loaded });
  for (const { n } of given.nodes) {
    if (!given.offline.includes(n)) {
      fleet.happen({ kind: 'connected', node: node(n), hello: hello() });
    }
  }
  const fails = new Set(given.fails.map(([association, n]) => `${association} ${node(n)}`));
  for (let jobs = fleet.takeJobs(); jobs.length > 0; jobs = fleet.takeJobs()) {
    for (const job of jobs) {
      const failed = fails.has(`${job.association} ${job.node}`);
      fleet.start(job);
      fleet.happen({
        kind: 'result',
        node: job.node,
        execution: job.execution,
        association: job.association,
        compliance: null,
        outcome: outcome(job.run, failed, fleet.now),
        refresh: null,
      });
    }
  }
  return statusFilesOf(fleet);
}

function outcome(run: Outcome['run'], failed: boolean, at: Outcome['finishedAt']): Outcome {
  const status = failed ? 'Failed' : 'Success';
  return {
    run,
    status,
    detailedStatus: status,
    summary: `1 out of 1 plugin processed, ${failed ? 0 : 1} success, ${failed ? 1 : 0} failed, 0 timedout, 0 skipped. `,
    exitCode: failed ? 3 : null,
    failedStep: failed ? 'keepFile' : null,
    outputTail: failed
      ? 'mv: cannot move the file: Read-only file system\n```\n# not a heading\n'
      : '',
    startedAt: at,
    finishedAt: at,
    digest: digestOf([run, status]),
  };
}

function filesBelow(folder: string, prefix = ''): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? filesBelow(join(folder, entry.name), `${prefix}${entry.name}/`)
        : [`${prefix}${entry.name}`],
    )
    .sort();
}
