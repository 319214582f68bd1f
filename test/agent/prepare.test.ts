import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareContent } from '../../src/agent/prepare.ts';
import { parseDocument } from '../../src/core/document/parse.ts';
import { present } from '../../src/core/model/errors.ts';

test('a document whose aliases make more of it than a file may hold runs as it was accepted', () => {
  const line = '        echo hello world, this is a line of text\n'.repeat(300);
  const steps = Array.from(
    { length: 6 },
    (_, n) =>
      `- action: aws:runShellScript\n  name: step${n}\n  inputs:\n    runCommand: ${n === 0 ? `&c\n    - |\n${line}` : '*c\n'}`,
  );
  const text = `schemaVersion: "2.2"\nmainSteps:\n${steps.join('')}`;
  const { document } = parseDocument(text, { file: 'a.yaml' });
  const { content } = present(document, 'it is accepted');
  assert.ok(text.length < 64 * 1024 && JSON.stringify(content).length > 64 * 1024);
  const given = { document: { content }, parameters: {}, parameterStore: {}, documents: {} };
  const plan = prepareContent(given);
  assert.equal(plan.ok && plan.steps.length, 6);
});
