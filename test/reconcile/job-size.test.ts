import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MESSAGE_BYTES_MAX } from '../../src/protocol/messages.ts';
import { parseServerMessage } from '../../src/protocol/parse.ts';
import { sealJob } from '../../src/protocol/sign.ts';
import { whyTooLarge } from '../../src/reconcile/job-size.ts';
import { daemon, job } from '../protocol/messages.ts';

for (const [name, text] of [
  ['small', 'x'],
  ['of many quotes, each escaped twice', '"'.repeat(120_000)],
  ['of 400 KB', 'x'.repeat(400_000)],
  ['of 600 KB', 'x'.repeat(600_000)],
  ['of 200,000 characters of three bytes', '\u20ac'.repeat(200_000)],
] as const) {
  test(`a job is handed over exactly when an agent takes its message: one ${name}`, () => {
    const envelope = sealJob(daemon, job({ parameters: { text } }));
    const raw = JSON.stringify({ kind: 'job', envelope });
    const fits = Buffer.byteLength(raw) <= MESSAGE_BYTES_MAX;
    assert.equal(whyTooLarge(envelope) === null, fits);
    if (fits) assert.ok(parseServerMessage(raw).ok);
  });
}
