import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MASK, makeMask } from '../../src/secrets/mask.ts';

for (const { name, secrets, text, want } of [
  { name: 'a value', secrets: ['hunter2'], text: 'pw=hunter2;', want: 'pw=***;' },
  { name: 'the same value twice', secrets: ['hunter2'], text: 'hunter2 hunter2', want: '*** ***' },
  { name: 'a value in a longer one', secrets: ['hunt', 'hunter2'], text: 'hunter2', want: '***' },
  {
    name: 'values that overlap',
    secrets: ['abcdef', 'defghi'],
    text: '-abcdefghi-',
    want: '-***-',
  },
  { name: 'a value that overlaps itself', secrets: ['abab'], text: 'xabababx', want: 'x***x' },
  {
    name: 'a line of a value',
    secrets: ['first\n  second\n'],
    text: 'a second b',
    want: 'a *** b',
  },
  {
    name: 'a whole value of lines',
    secrets: ['one1\n2\ntwo2'],
    text: 'one1\n2\ntwo2.',
    want: '***.',
  },
  { name: 'without its last line break', secrets: ['token-1\n'], text: 'token-1', want: '***' },
  { name: 'as JSON', secrets: ['a"b"c'], text: '{"x":"a\\"b\\"c"}', want: '{"x":"***"}' },
  {
    name: 'as a tracing shell quotes it',
    secrets: ["it's"],
    text: "+ echo 'it'\\''s'",
    want: "+ echo '***'",
  },
  ...[
    '{"x":"p\\u00e4s/s&\\"q"}', // python3 json.dumps
    '{"x":"p\\u00E4s/s&\\"q"}', // the same, in capitals
    '{"x":"päs/s\\u0026\\"q"}', // Go's encoding/json
    '{"x":"p\\u00e4s\\/s&\\"q"}', // PHP's json_encode
    '{"x":"päs\\/s&\\"q"}',
  ].map((text) => ({ name: `as ${text}`, secrets: ['päs/s&"q'], text, want: '{"x":"***"}' })),
  ...[
    ["declare -x V=$'p\\'\\303\\244\"s s$x\\ny\\\\z'", "declare -x V=$'***'"], // bash, LC_ALL=C
    ["declare -x V=$'p\\'ä\"s s$x\\ny\\\\z'", "declare -x V=$'***'"],
    ["V='p'\"'\"'ä\"s s$x\ny\\z'", "V='***'"], // dash: set
  ].map(([text = '', want = '']) => ({
    name: `as ${text}`,
    secrets: ['p\'ä"s s$x\ny\\z'],
    text,
    want,
  })),
  {
    name: 'as declare -p writes it',
    secrets: ['a"b$c`d'],
    text: 'declare -x V="a\\"b\\$c\\`d"',
    want: 'declare -x V="***"',
  },
  {
    name: 'as printf %q writes it',
    secrets: ["~a'b c&d;e~f#g!h*(i)[j]{k}|l,m^n"],
    text: "\\~a\\'b\\ c\\&d\\;e~f#g\\!h\\*\\(i\\)\\[j\\]\\{k\\}\\|l\\,m\\^n",
    want: '***',
  },
  { name: 'as echo interprets it', secrets: ['ab\\ncd\\\\ef'], text: 'ab\ncd\\ef', want: '***' },
  { name: 'not ASCII', secrets: ['pässword'], text: 'é pässword é', want: 'é *** é' },
  { name: 'its beginning at the very end', secrets: ['hunter2'], text: 'a hunte', want: 'a ***' },
  { name: 'three bytes of it at the end stay', secrets: ['hunter2'], text: 'a hun', want: 'a hun' },
  { name: 'something else', secrets: ['hunter2'], text: 'hunter3 hunter', want: 'hunter3 ***' },
  { name: 'nothing to mask', secrets: [], text: 'hunter2', want: 'hunter2' },
]) {
  test(`mask: ${name}`, () => {
    assert.equal(makeMask(secrets).text(text), want);
  });
}

/** Few letters, so that values overlap, repeat and contain each other all the time. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), minLength: 4, maxLength: 9 });

test('mask: however the stream is cut, the output is the same, and no value is left in it', () => {
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.array(fc.oneof(word, fc.constantFrom('a', 'b', 'x', '\n')), { maxLength: 40 }),
      fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 20 }),
      (secrets, pieces, cuts) => {
        const mask = makeMask(secrets);
        const text = pieces.join('');
        const whole = mask.text(text);
        assert.equal(inPieces(mask, text, cuts), whole);
        for (const secret of secrets) assert.ok(!whole.includes(secret), `${secret} in ${whole}`);
        assert.equal(whole.replaceAll(MASK, '').length <= text.length, true);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('mask: what is no part of a value is told as it is', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      const stream = makeMask(['\u{1F511} key of gold']).stream();
      const told = Buffer.concat([stream.add(noise), stream.end()]);
      if (!Buffer.from(noise).includes(Buffer.from('\u{1F511}')))
        assert.deepEqual(told, Buffer.from(noise));
    }),
  );
});

test('mask: holds back no more than the longest value, and its time grows with the bytes alone', () => {
  const stream = makeMask([`${'a'.repeat(4_000)}b`]).stream();
  const chunk = Buffer.alloc(65_536, 'a');
  let told = 0;
  for (let i = 0; i < 32; i++) told += stream.add(chunk).length;
  assert.ok(told >= 32 * chunk.length - 4_001);
  assert.ok(stream.end().toString().endsWith(MASK));
});

test('mask: very many values are found as well as a few', () => {
  const secrets = Array.from({ length: 40 }, (_, i) => `${i}-${'xyz'.repeat(100)}-${i}`);
  const text = secrets.map((secret) => `<${secret}>`).join('');
  assert.equal(makeMask(secrets).text(text), '<***>'.repeat(40));
});

function inPieces(
  mask: ReturnType<typeof makeMask>,
  text: string,
  cuts: readonly number[],
): string {
  const stream = mask.stream();
  const bytes = Buffer.from(text);
  const parts: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = 1 + (cuts[i % cuts.length] ?? 0);
    parts.push(stream.add(bytes.subarray(at, at + length)));
    at += length;
  }
  return Buffer.concat([...parts, stream.end()]).toString();
}
