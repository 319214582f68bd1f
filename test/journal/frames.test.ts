import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DiskReader } from '../../src/disk/disk.ts';
import { encodeFrame, parseFrame, readFrames } from '../../src/journal/frames.ts';

function readerOf(bytes: Buffer): DiskReader {
  return {
    size: bytes.length,
    read: (into, position) => Promise.resolve(bytes.copy(into, 0, position)),
    close: () => Promise.resolve(),
  };
}

async function payloadsOf(bytes: Buffer, chunkBytes: number): Promise<string[]> {
  const payloads: string[] = [];
  for await (const frames of readFrames(readerOf(bytes), {
    from: 0,
    to: bytes.length,
    chunkBytes,
  })) {
    payloads.push(...frames.map((frame) => frame.payload));
  }
  return payloads;
}

const payloads = fc.array(
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  { maxLength: 30 },
);

test('lines are read back whatever the size of the chunks', async () => {
  await fc.assert(
    fc.asyncProperty(payloads, fc.integer({ min: 1, max: 300 }), async (texts, chunkBytes) => {
      const bytes = Buffer.from(texts.map(encodeFrame).join(''));
      assert.deepEqual(await payloadsOf(bytes, chunkBytes), texts);
    }),
    { numRuns: 60 },
  );
});

test('reading ends at the first line that does not match its checksum', async () => {
  const bytes = Buffer.from(['"one"', '"two"', '"three"'].map(encodeFrame).join(''));
  bytes[bytes.indexOf('two')] = 0x54;
  assert.deepEqual(await payloadsOf(bytes, 16), ['"one"']);
});

test('a line that could not be read back is not made', () => {
  assert.throws(() => encodeFrame('x'.repeat(100_000_000)), /short enough to be read back/);
});

const good = encodeFrame('{"a":"b"}');

for (const c of [
  { name: 'whole', text: good, want: 'frame' },
  { name: 'nothing', text: '', want: 'partial' },
  { name: 'half a length', text: '1', want: 'partial' },
  { name: 'half a payload', text: good.slice(0, -4), want: 'partial' },
  { name: 'no newline yet', text: good.slice(0, -1), want: 'partial' },
  { name: 'no length', text: good.slice(1), want: 'bad' },
  { name: 'a leading zero', text: `0${good}`, want: 'bad' },
  { name: 'a sign', text: `+${good}`, want: 'bad' },
  { name: 'a length without end', text: '123456789 00000000 x', want: 'bad' },
  { name: 'a checksum in capitals', text: good.toUpperCase(), want: 'bad' },
  { name: 'another newline', text: good.replace('\n', '\r'), want: 'bad' },
  { name: 'zeros', text: '\0'.repeat(64), want: 'bad' },
]) {
  test(`parseFrame: ${c.name}`, () => {
    const frame = parseFrame(Buffer.from(c.text), 0, 0);
    assert.equal(typeof frame === 'string' ? frame : 'frame', c.want);
  });
}
