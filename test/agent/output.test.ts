import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  appendText,
  boundResult,
  joinStreams,
  noOutput,
  openStreamFold,
} from '../../src/agent/output.ts';
import { parseAgentMessage } from '../../src/protocol/parse.ts';
import { result, step, stream } from '../protocol/messages.ts';

const fold = (...chunks: readonly string[]) => {
  const folded = openStreamFold();
  for (const chunk of chunks) folded.add(Buffer.from(chunk));
  return folded.result();
};

test('whole below 24,000 bytes; from there on cut to 23,980 and the marker', () => {
  const marker = '--output truncated--';
  assert.equal(fold('x'.repeat(23_999)).text, 'x'.repeat(23_999));
  assert.equal(fold('x'.repeat(24_000)).text, 'x'.repeat(23_980) + marker);
  assert.equal(fold('x'.repeat(90_000)).text.length, 24_000);
});

test('however it is cut into chunks, the result is the same, and so are head, tail, count and digest', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 3_000 }), { maxLength: 30 }), (chunks) => {
      const whole = chunks.join('');
      const got = fold(...chunks);
      assert.deepEqual(got, fold(whole));
      assert.equal(got.bytes, Buffer.byteLength(whole));
      assert.equal(got.digest, createHash('sha256').update(whole).digest('hex'));
    }),
    { numRuns: 50 },
  );
});

test('bytes that are no UTF-8 become U+FFFD', () => {
  const folded = openStreamFold();
  folded.add(Buffer.from([0xff, 0xfe, 0x6f, 0x6b]));
  assert.equal(folded.result().text, '\ufffd\ufffdok');
});

test('what the agent adds is in the text, not in count and digest', () => {
  const added = appendText(fold('out'), '!');
  assert.deepEqual([added.text, added.bytes, added.digest], ['out!', 3, fold('out').digest]);
  assert.equal(appendText(fold('x'.repeat(23_999)), 'yz').text.length, 24_000);
});

test('streams of elements: an empty first text is replaced, later ones are joined by a line break', () => {
  assert.equal(joinStreams([fold('a'), noOutput, fold('b')]).text, 'a\n\nb');
  assert.equal(joinStreams([noOutput, fold('b'), noOutput]).text, 'b\n');
  assert.deepEqual(joinStreams([]), noOutput);
});

test('a result always fits its message; failed steps keep their output longest', () => {
  const long = 'x'.repeat(23_000);
  const steps = Array.from({ length: 64 }, (_, at) =>
    step({ status: at === 63 ? 'Failed' : 'Success', stdout: stream(long), stderr: stream(long) }),
  );
  const bounded = boundResult(result('1', { steps }));
  assert.ok(Buffer.byteLength(JSON.stringify(bounded)) <= 256 * 1024);
  assert.equal(bounded.steps[63]?.stdout.text, long);
  assert.equal(bounded.steps.length, 64);
  const all = steps.map((each) => ({
    ...each,
    status: 'Failed' as const,
    reason: 'r'.repeat(2_000),
  }));
  const smaller = boundResult(result('1', { steps: all }));
  assert.ok(Buffer.byteLength(JSON.stringify(smaller)) <= 256 * 1024);
  assert.ok(smaller.steps.every(({ stdout }) => stdout.bytes === long.length));
});

test('a small result is left as it is', () => {
  assert.deepEqual(boundResult(result('1')), result('1'));
});

test('whatever a run has said, the daemon reads its result', () => {
  const text = fc.string({ maxLength: 40 }).map((part) => part.repeat(120));
  fc.assert(
    fc.property(text, text, text, fc.integer(), (name, action, reason, exitCode) => {
      const steps = [step({ status: 'Failed', name, action, reason, exitCode })];
      const bounded = boundResult(
        result('1', { status: 'Failed', detailedStatus: 'Failed', steps }),
      );
      assert.ok(parseAgentMessage(JSON.stringify({ kind: 'result', result: bounded })).ok);
      assert.notEqual(bounded.status, 'Success');
      assert.equal(bounded.run, result('1').run);
    }),
    { numRuns: 100 },
  );
});

test('a result that cannot be told is a failure that says why, though it had been a success', () => {
  const { status, steps, executionSummary } = boundResult(
    result('1', { steps: [step({ exitCode: 1_000_000 })] }),
  );
  assert.deepEqual([status, steps], ['Failed', []]);
  assert.match(executionSummary, /cannot be read: result\.steps\.0\.exitCode/);
});
