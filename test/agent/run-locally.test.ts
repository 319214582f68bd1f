import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LocalRun } from '../../src/agent/run-locally.ts';
import { runDocumentLocally } from '../../src/agent/run-locally.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { corpusMissing, readCorpus } from '../core/document/vectors.ts';
import { script } from '../protocol/messages.ts';

async function runHere(
  content: JsonObject,
  parameters: JsonObject = {},
  signal = AbortSignal.timeout(30_000),
): Promise<LocalRun> {
  const root = await mkdtemp(join(tmpdir(), 'locally-'));
  try {
    return await runDocumentLocally(content, parameters, { root, parameterStore: {}, signal });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

test('a document runs here and leaves nothing behind', async () => {
  const ours = async (): Promise<number> =>
    (await readdir(tmpdir())).filter((name) => name.startsWith('reconciled-')).length;
  const before = await ours();
  const { status, steps } = await runHere(script(['echo one'], ['echo two >&2; exit 2']));
  assert.equal(status, 'Failed');
  assert.deepEqual(
    steps.map((step) => [step.exitCode, step.stdout.text]),
    [
      [0, 'one\n'],
      [2, ''],
    ],
  );
  assert.ok((await ours()) <= before);
});

test('cancelled: the step is killed and no other starts', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 200);
  const { status, steps } = await runHere(script(['sleep 60'], ['echo never']), {}, stop.signal);
  assert.equal(status, 'Cancelled');
  assert.deepEqual(
    steps.map((step) => step.status),
    ['Cancelled', 'Cancelled'],
  );
});

test('a document that is none says why', async () => {
  const { status, message } = await runHere({ schemaVersion: '0.3' });
  assert.equal(status, 'Failed');
  assert.match(message, /not executable/);
});

type Case = {
  readonly id: string;
  readonly document: JsonObject;
  readonly parameters?: JsonObject;
  readonly files?: unknown;
  readonly loose?: boolean;
  readonly expected: {
    readonly documentStatus?: string;
    readonly steps?: readonly {
      name: string;
      status: string;
      code: number;
      stdout: string;
      stderr: string;
    }[];
  };
};

/** Where we differ from the reference, and why (spec/documents.md §3.6, §9, contract §6). */
const differences: { readonly [id: string]: string } = {
  missing: 'a missing required parameter fails before the first step',
  unknown20: 'a step that failed before it ran is reported with code 1',
  psmod20: 'as unknown20',
  pre20: 'as unknown20',
  'unknown-with-true-precondition': 'as unknown20',
  'windows-only-plugins-20': 'as unknown20',
  'v12-unknown': 'as unknown20',
  noname: 'a step has a name',
  'name-with-colon': 'a step name follows its grammar',
  both: 'mainSteps beside runtimeConfig is refused',
  'id-env': 'our ids, our platform, no region',
  'env-agent-vars': 'as id-env, and no variable of the agent’s own',
  'reboot-194': 'reboots are not done yet: Failed, and nothing later runs',
  'bad-interpreter': 'the same code, the words of another shell',
  'allowed-pattern-fail': 'the reference gives no step at all, and neither do we',
};
/** These wait for five seconds and more. */
const slow = new Set([
  'step-level-timeout',
  'timeout-low',
  'onfailure-timeout',
  'v12-timeout-list',
]);

test('documents end as they do under the reference agent', { skip: corpusMissing }, async (t) => {
  const { cases } = JSON.parse(readCorpus('vectors/document-runs.json')) as {
    cases: readonly Case[];
  };
  let agreed = 0;
  for (const each of cases) {
    if (each.loose === true || each.files !== undefined || slow.has(each.id)) continue;
    const { status, steps } = await runHere(each.document, each.parameters ?? {});
    const got = steps.map(({ name, status: state, exitCode: code, stdout, stderr }) => ({
      name,
      status: state,
      code,
      stdout: stdout.text,
      stderr: stderr.text,
    }));
    const want = (each.expected.steps ?? []).map(
      ({ name, status: state, code, stdout, stderr }) => ({
        name,
        status: state,
        code,
        stdout,
        stderr,
      }),
    );
    const seen = { status, steps: got };
    const expected = { status: each.expected.documentStatus, steps: want };
    if (each.id in differences) assert.notDeepEqual(seen, expected, `${each.id} agrees by now`);
    else assert.deepEqual(seen, expected, each.id);
    agreed += each.id in differences ? 0 : 1;
  }
  t.diagnostic(`${agreed} documents end alike`);
});
