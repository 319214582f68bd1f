import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LocalRun } from '../../src/agent/run-locally.ts';
import { runDocumentLocally } from '../../src/agent/run-locally.ts';
import type { JsonObject } from '../../src/core/model/json.ts';
import { script } from '../protocol/messages.ts';

async function runHere(
  content: JsonObject,
  parameters: JsonObject = {},
  signal = AbortSignal.timeout(30_000),
): Promise<LocalRun> {
  const root = await mkdtemp(join(tmpdir(), 'locally-'));
  try {
    return await runDocumentLocally(content, parameters, {
      root,
      parameterStore: {},
      documents: {},
      signal,
    });
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
