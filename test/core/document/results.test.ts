import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Conclusion, KilledBy } from '../../../src/core/document/exit.ts';
import { concludeScript, concludeUnstarted } from '../../../src/core/document/exit.ts';
import {
  combinedOutput,
  cutBytes,
  cutText,
  executionSummary,
  textOfBytes,
} from '../../../src/core/document/output.ts';
import type { PlatformType } from '../../../src/core/document/prepared.ts';
import type { StepState } from '../../../src/core/document/status.ts';
import { documentState, mergeElements, mergeStates } from '../../../src/core/document/status.ts';

const nothing = { onFailure: null, onSuccess: null } as const;
const onFailureNote =
  '\nStep was found to have onFailure property. Further document steps will be skipped.';

const states: readonly (readonly [number, PlatformType, KilledBy, string])[] = [
  [0, 'Linux', null, 'Success'],
  [1, 'Linux', null, 'Failed'],
  [137, 'Linux', 'timeout', 'TimedOut'],
  [137, 'Linux', null, 'TimedOut'],
  [137, 'Linux', 'cancel', 'Cancelled'],
  [137, 'Linux', 'shutdown', 'Failed'],
  [137, 'Windows', 'timeout', 'Failed'],
  [-1, 'Windows', 'timeout', 'TimedOut'],
  [143, 'Linux', null, 'Failed'],
  [168, 'Linux', null, 'Success'],
  [169, 'Linux', null, 'Failed'],
  [194, 'Linux', null, 'SuccessAndReboot'],
  [194, 'Windows', null, 'Failed'],
  [3010, 'Windows', null, 'SuccessAndReboot'],
];
for (const [code, platformType, killedBy, state] of states)
  test(`exit: ${code} on ${platformType}, ended by ${killedBy ?? 'itself'}: ${state}`, () => {
    assert.equal(concludeScript(code, { platformType, killedBy }, nothing).state, state);
  });

type Shared = Parameters<typeof concludeScript>[2];
const conclusions: readonly (readonly [string, number, Partial<Shared>, Partial<Conclusion>])[] = [
  [
    'a plain failure goes on',
    3,
    {},
    {
      state: 'Failed',
      exitCode: 3,
      stops: false,
      stderrNote: 'failed to run commands: exit status 3',
      stdoutNote: '',
    },
  ],
  [
    'onFailure: exit stops',
    3,
    { onFailure: 'exit' },
    {
      state: 'Failed',
      exitCode: 3,
      stops: true,
      stdoutNote: onFailureNote,
      stderrNote: `failed to run commands: exit status 3${onFailureNote}`,
    },
  ],
  [
    'onFailure: successAndExit is a success with 168',
    3,
    { onFailure: 'successAndExit' },
    { state: 'Success', exitCode: 168, stops: true, stdoutNote: onFailureNote },
  ],
  [
    'onFailure does not react to a time-out',
    137,
    { onFailure: 'exit' },
    { state: 'TimedOut', stops: false, stderrNote: '', stdoutNote: '' },
  ],
  [
    'onSuccess: exit stops',
    0,
    { onSuccess: 'exit' },
    { state: 'Success', stops: true, stdoutNote: '' },
  ],
  [
    '168 stops and drops stderr',
    168,
    { onFailure: 'exit' },
    { state: 'Success', exitCode: 168, stops: true, clearsStderr: true, stderrNote: '' },
  ],
  [
    '169 beats onFailure',
    169,
    { onFailure: 'successAndExit' },
    { state: 'Failed', exitCode: 169, stops: true },
  ],
];
for (const [name, code, shared, expected] of conclusions)
  test(`exit: ${name}`, () => {
    const found = concludeScript(
      code,
      { platformType: 'Linux', killedBy: null },
      { ...nothing, ...shared },
    );
    assert.deepEqual({ ...found, ...expected }, found);
  });

test('exit: onFailure counts for a step that failed before it ran', () => {
  assert.deepEqual(concludeUnstarted({ onFailure: null }), {
    state: 'Failed',
    exitCode: 1,
    stops: false,
  });
  assert.deepEqual(concludeUnstarted({ onFailure: 'exit' }), {
    state: 'Failed',
    exitCode: 1,
    stops: true,
  });
  assert.deepEqual(concludeUnstarted({ onFailure: 'successAndExit' }), {
    state: 'Failed',
    exitCode: 1,
    stops: false,
  });
});

const state = fc.constantFrom<StepState>(
  'Skipped',
  'Success',
  'SuccessAndReboot',
  'PassedAndReboot',
  'NotStarted',
  'InProgress',
  'Failed',
  'Cancelled',
  'TimedOut',
);

test('status: merging and rolling up do not depend on order', () => {
  fc.assert(
    fc.property(state, state, state, (a, b, c) => {
      assert.equal(mergeStates(a, b), mergeStates(b, a));
      assert.equal(mergeStates(mergeStates(a, b), c), mergeStates(a, mergeStates(b, c)));
      assert.equal(documentState([a, b, c]), documentState([c, a, b]));
    }),
  );
});

test('status: the elements of list inputs become one result', () => {
  assert.deepEqual(mergeElements([]), { state: 'Success', exitCode: 0, stdout: '', stderr: '' });
  const element = (
    exitCode: number,
    text: string,
  ): Parameters<typeof mergeElements>[0][number] => ({
    state: exitCode === 0 ? 'Success' : 'Failed',
    exitCode,
    stdout: text,
    stderr: exitCode === 0 ? '' : 'no',
  });
  assert.deepEqual(mergeElements([element(0, 'a\n'), element(4, 'b\n'), element(5, 'c\n')]), {
    state: 'Failed',
    exitCode: 4,
    stdout: 'a\n\nb\n\nc\n',
    stderr: '\nno\nno',
  });
});

test('output: 24,000 bytes are cut to 23,980 and the mark, one less is kept', () => {
  assert.equal(cutText('x'.repeat(23_999), 24_000), 'x'.repeat(23_999));
  assert.equal(cutText('x'.repeat(24_000), 24_000), `${'x'.repeat(23_980)}--output truncated--`);
  assert.equal(cutBytes(Buffer.alloc(30_000, 120), 24_000).length, 24_000);
});

test('output: a cut never yields more bytes than allowed', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(80), (text, max) => {
      assert.ok(cutBytes(Buffer.from(text), max).length <= Math.max(max, 0));
    }),
  );
});

test('output: one U+FFFD for each byte of a character that is cut, and for each that belongs to none', () => {
  assert.equal(cutText('ab€€', 7, '-'), 'ab€\ufffd-');
  assert.equal(cutText('ab€€', 8, '-'), 'ab€\ufffd\ufffd-');
  assert.equal(cutText('\u{1F600}', 4, '-'), '\ufffd\ufffd\ufffd-');
  for (const [bytes, text] of [
    [[0x61, 0xff, 0x62], 'a\ufffdb'],
    [[0xed, 0xa0, 0x80], '\ufffd\ufffd\ufffd'],
    [[0xf0, 0x9f, 0x98, 0x61], '\ufffd\ufffd\ufffda'],
    [[0xc0, 0x80, 0xef, 0xbf, 0xbd], '\ufffd\ufffd\ufffd'],
    [[0xe2, 0x82, 0xac, 0xe2, 0x82], '€\ufffd\ufffd'],
  ] as const)
    assert.equal(textOfBytes(Buffer.from(bytes)), text, bytes.join());
});

test('output: stdout of exactly half the space is what is cut', () => {
  const title = '\n----------ERROR-------\n';
  const mark = '\n---Output truncated---';
  const half = 'o'.repeat(50);
  const stderr = 'e'.repeat(55);
  assert.equal(
    combinedOutput(half, stderr, 100 + title.length),
    half.slice(0, 100 - mark.length - stderr.length) + mark + title + stderr,
  );
});

test('output: the combined text stays within its bounds and keeps what is short', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(200), (out, error) => {
      const text = combinedOutput('o'.repeat(out), 'e'.repeat(error), 160);
      assert.ok(text.length <= 160);
      if (out + error < 100)
        assert.ok(text.includes('o'.repeat(out)) && text.endsWith('e'.repeat(error)));
    }),
  );
});

test('output: the summary counts, says why the first failed, and is cut at 510', () => {
  const step = (name: string, is: StepState, stderr = '') => ({ name, state: is, stderr });
  assert.equal(
    executionSummary([step('a', 'Success'), step('b', 'Skipped'), step('c', 'NotStarted')], 3),
    '2 out of 3 plugins processed, 1 success, 0 failed, 0 timedout, 1 skipped. ',
  );
  assert.equal(
    executionSummary([step('a', 'Failed', 'no disk')], 1),
    '1 out of 1 plugin processed, 0 success, 1 failed, 0 timedout, 0 skipped. \nThe operation a failed because no disk.',
  );
  const long = executionSummary([step('a', 'Failed', 'x'.repeat(600))], 1);
  assert.equal(long.length, 510);
  assert.ok(long.endsWith('--output truncated--'));
});
