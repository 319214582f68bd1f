/** docs/state-manager-parity.md: every test that it names exists, and every row of the sheet's tables is in it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';

const root = new URL('../', import.meta.url);
const page = readFileSync(new URL('docs/state-manager-parity.md', root), 'utf8');

type Named = { readonly file: string; readonly begins: string };

/** Of each row's last cell: `file` › how the name begins, several with a dot between them. */
const named: readonly Named[] = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .flatMap((line) => (line.split(' | ').at(-1) ?? '').replace(/ ?\|$/, '').split(' · '))
  .flatMap((cell) => {
    const [, file, begins] = /^`([^`]+)` › ?(.*)$/.exec(cell.trim()) ?? [];
    return file === undefined || begins === undefined ? [] : [{ file, begins }];
  });

test('the page names many tests', () => assert.ok(named.length > 80, String(named.length)));

test('every test that the page names exists', () => {
  const missing = named.filter(({ file, begins }) => {
    const path = new URL(`test/${file}.test.ts`, root);
    if (!existsSync(path)) return true;
    const source = readFileSync(path, 'utf8').replaceAll("\\'", "'");
    return !['test(`', "test('", 'test("'].some((call) => source.includes(call + begins));
  });
  assert.deepEqual(missing, []);
});

test('a row without a test says that there is nothing to test', () => {
  const rows = page
    .split('\n')
    .filter((line) => /^\| (?!---)/.test(line) && !/\| test \|$/.test(line));
  const untested = rows.filter((row) => !/`[\w/-]+` › \S/.test(row.split(' | ').at(-1) ?? ''));
  const unsaid = untested.filter((row) => !/not built|are not run|^\| row \|/.test(row));
  assert.deepEqual(unsaid, []);
});

test('every trigger and every conflict has its row or its test', () => {
  for (let n = 1; n <= 13; n++) assert.match(page, new RegExp(`^\\| T${n} `, 'm'), `T${n}`);
  const tests = ['conflicts', 'rate-control']
    .map((name) => readFileSync(new URL(`test/core/world/${name}.test.ts`, root), 'utf8'))
    .join('\n');
  for (let n = 1; n <= 22; n++) {
    const has = new RegExp(`test\\(['\`]H-${n}:`).test(tests);
    assert.ok(has || new RegExp(`^\\| H-${n} `, 'm').test(page), `H-${n}`);
  }
});
