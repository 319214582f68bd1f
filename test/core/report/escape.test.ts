import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  capBytes,
  capBytesTail,
  cell,
  code,
  fence,
  prose,
  visibleJson,
  visibleLine,
} from '../../../src/core/report/escape.ts';
import { runs } from '../../fakes/runs.ts';
import { hostileText } from './hostile.ts';
import { countOf, shapeOf } from './markdown.ts';

const often = { numRuns: runs(500) };
const INVISIBLE = /[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** Wherever a page puts a text: in a heading, a paragraph, an item, a table cell, a quotation. */
const positions: readonly ((inline: string) => string)[] = [
  (text) => `# Title ${text}\n`,
  (text) => `Before ${text} after\n`,
  (text) => `- ${text}: item\n- next\n`,
  (text) => `> ${text}\n`,
];

test('code: whatever a node says, a page keeps its shape', () => {
  for (const page of positions) {
    fc.assert(
      fc.property(hostileText, (text) => {
        assert.deepEqual(shapeOf(page(code(text))), shapeOf(page(code('benign'))));
      }),
      often,
    );
  }
});

test('cell: whatever a node says, a table keeps its rows and columns', () => {
  const page = (text: string): string => `| a | b |\n| - | - |\n| ${text} | x |\n| y | ${text} |\n`;
  fc.assert(
    fc.property(hostileText, (text) => {
      assert.deepEqual(shapeOf(page(cell(text))), shapeOf(page(cell('benign'))));
    }),
    often,
  );
});

test('prose: a sentence of the repository is text wherever it stands', () => {
  for (const page of positions) {
    fc.assert(
      fc.property(hostileText, (text) => {
        const shown = page(`_x_ ${prose(text)}`);
        assert.equal(
          countOf(
            shown,
            'html',
            'image',
            'link',
            'linkReference',
            'imageReference',
            'code',
            'heading',
            'list',
            'delete',
            'strong',
          ),
          countOf(page('_x_ benign'), 'heading', 'list'),
        );
      }),
      often,
    );
  }
});

test('prose: nor does it begin a list, a heading or a rule', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = `> ${prose(text)}\n\nafter\n`;
      assert.equal(countOf(shown, 'list', 'heading', 'thematicBreak', 'html', 'definition'), 0);
    }),
    often,
  );
});

test('fence: output stays inside, whatever runs of backticks are in it', () => {
  fc.assert(
    fc.property(hostileText, hostileText, (one, two) => {
      const page = (text: string): string =>
        `# Title\n\n${fence(text)}\n\nafter\n\n${fence(two)}\n`;
      assert.deepEqual(shapeOf(page(one)), [
        'root',
        ['heading', 'text'],
        'code',
        ['paragraph', 'text'],
        'code',
      ]);
    }),
    often,
  );
});

test('everything that goes out shows its control and direction characters', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      for (const shown of [
        code(text),
        fence(text),
        visibleLine(text),
        visibleJson(JSON.stringify(text)),
      ]) {
        assert.doesNotMatch(shown, INVISIBLE);
      }
      assert.doesNotMatch(visibleLine(text), /[\n\t]/);
      assert.equal(JSON.parse(visibleJson(JSON.stringify(text))), text, 'JSON still says the same');
    }),
    often,
  );
});

test('caps are in bytes, at most, and repeating them changes nothing', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 80 }),
      fc.integer({ min: 8, max: 100 }),
      (text, max) => {
        for (const cap of [capBytes, capBytesTail]) {
          const capped = cap(text, max);
          assert.ok(Buffer.byteLength(capped) <= max, `${Buffer.byteLength(capped)} > ${max}`);
          assert.equal(cap(capped, max), capped);
          assert.ok(!capped.includes('\ufffd') || text.includes('\ufffd'), 'no half characters');
          if (Buffer.byteLength(text) <= max) assert.equal(capped, text);
        }
      },
    ),
    often,
  );
});

for (const [name, shown, want] of [
  ['plain', code('web-1'), '`web-1`'],
  ['backticks', code('a`b``c'), '```a`b``c```'],
  ['a backtick at the edge', code('`a'), '`` `a ``'],
  ['a pipe in a cell', cell('a|b'), '`a\\u{7c}b`'],
  ['nothing', code(''), '`(empty)`'],
  ['an override', code('a\u202eb'), '`a\\u{202e}b`'],
  [
    'an ordinary sentence',
    prose('Keeps a file (as stated): owner, mode 0644.'),
    'Keeps a file (as stated): owner, mode 0644.',
  ],
  ['a number first', prose('1. first'), '1\\. first'],
  ['a link in prose', prose('see [x](http://y)'), 'see `[x](http://y)`'],
] as const) {
  test(`escape: ${name}`, () => assert.equal(shown, want));
}
