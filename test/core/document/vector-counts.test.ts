import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { DIFFERENCES, UNJUDGED } from './differences.ts';
import { corpusMissing, readVectors, vectorFiles } from './vectors.ts';

const tests = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Some files are judged twice: by the language, and by running their documents. */
const EXECUTED = ', executed';

/** Vector files that some test judges: those that a call of `testVectors` or `testDocumentVectors` names. */
function judgedFiles(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of readdirSync(tests, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.test.ts')) continue;
    const text = readFileSync(path.join(tests, name), 'utf8');
    if (!/test(Document)?Vectors/.test(text)) continue;
    for (const file of vectorFiles()) if (text.includes(`'${file}'`)) found.add(file);
  }
  return found;
}

test('vectors: every file is judged, and every difference has a reason', {
  skip: corpusMissing,
}, (t) => {
  const judged = judgedFiles();
  const files = vectorFiles();
  const left = files.filter((file) => !judged.has(file));
  assert.deepEqual(left, Object.keys(UNJUDGED).sort(), 'UNJUDGED names what no test judges');
  assert.deepEqual(
    Object.keys(DIFFERENCES).filter((file) => !judged.has(file.replace(EXECUTED, ''))),
    [],
    'differences in files that no test judges',
  );
  let agree = 0;
  let differ = 0;
  for (const file of judged) {
    const differences = Object.keys({
      ...DIFFERENCES[file],
      ...DIFFERENCES[file + EXECUTED],
    }).length;
    const cases = readVectors(file).length;
    agree += cases - differences;
    differ += differences;
    t.diagnostic(`${file}: ${cases - differences} agree, ${differences} differ with a reason`);
  }
  for (const file of left) {
    const ids = readVectors(file).map(({ id }) => id);
    t.diagnostic(
      `${file}: ${ids.length} unjudged (${ids.at(0)} to ${ids.at(-1)}): ${UNJUDGED[file]}`,
    );
  }
  const unjudged = left.reduce((sum, file) => sum + readVectors(file).length, 0);
  t.diagnostic(
    `vectors: ${agree} agree, ${differ} differ with a reason, in ${judged.size} of ${files.length} files; ${unjudged} unjudged`,
  );
});
