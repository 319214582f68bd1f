import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FLUSH, parsePktLines, pktLine } from '../../../src/io/git/pkt-line.ts';
import { parseReport } from '../../../src/io/git/receive-pack.ts';

const ref = 'refs/heads/reconciled/status';
const report = (...lines: string[]) =>
  Buffer.concat([...lines.map((line) => pktLine(`${line}\n`)), FLUSH]);

describe('the report of a push', () => {
  for (const [name, bytes, kind] of [
    ['both halves ok', report('unpack ok', `ok ${ref}`), 'done'],
    ['unpacked, but another ref', report('unpack ok', 'ok refs/heads/main'), 'rejected'],
    ['a lost race', report('unpack ok', `ng ${ref} failed to update ref`), 'rejected'],
    [
      'a damaged pack',
      report('unpack index-pack abnormal exit', `ng ${ref} unpacker error`),
      'damaged',
    ],
    ['nothing', Buffer.alloc(0), 'unknown'],
    ['a page', Buffer.from('<html>'), 'unknown'],
    ['half a line', report('unpack ok', `ok ${ref}`).subarray(0, 20), 'unknown'],
  ] as const)
    test(`${name} is ${kind}`, () => assert.equal(parseReport(bytes, ref).kind, kind));

  test("keeps the server's reason, on one line and bounded", () => {
    const parsed = parseReport(
      report('unpack ok', `ng ${ref} hook\x1b[31m declined\r ${'x'.repeat(900)}`),
      ref,
    );
    assert.ok(parsed.kind === 'rejected');
    assert.match(parsed.reason, /^hook \[31m declined +x+$/);
    assert.equal(parsed.reason.length, 200);
  });

  test('never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseReport(Buffer.from(bytes), ref);
      }),
    );
  });
});

test('lines survive their framing', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 40 })), (lines) => {
      const parsed = parsePktLines(Buffer.concat([...lines.map(pktLine), FLUSH]));
      assert.deepEqual(
        parsed?.map((line) => line?.toString() ?? null),
        [...lines, null],
      );
    }),
  );
});
