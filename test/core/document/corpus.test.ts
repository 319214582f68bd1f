import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCRIPT_ACTIONS } from '../../../src/core/document/actions.ts';
import { scriptLines } from '../../../src/core/document/inputs.ts';
import { parseDocument } from '../../../src/core/document/parse.ts';
import { prepareRun } from '../../../src/core/document/prepare.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { isJsonObject } from '../../../src/core/model/json.ts';
import { compareText } from '../../../src/core/model/problem.ts';
import { onLinux } from './build.ts';
import type { VectorCase } from './vectors.ts';
import { corpusMissing, readCorpus, testVectors } from './vectors.ts';

type CorpusStep = { readonly action: string; readonly name: string; readonly inputs: Json };

type CorpusCase = VectorCase & {
  readonly file: string;
  readonly params: string;
  readonly parameters: JsonObject;
  readonly verdict: 'valid' | 'lenient' | 'invalid';
  readonly expected: { readonly error?: string; readonly steps?: readonly CorpusStep[] };
};

const fileOf = (file: string): string => file.replace('../documents/', '');

function parseCorpus(file: string) {
  const name = fileOf(file);
  return parseDocument(readCorpus(`documents/${name}`), { file: name });
}

test('corpus: every document is judged as its sources say', { skip: corpusMissing }, (t) => {
  const rows = [
    ...readCorpus('documents/SOURCES.md').matchAll(/^\| `([^`]+)` .*\*\*(\w+)\*\* (.*) \|$/gm),
  ];
  assert.ok(rows.length >= 80);
  const counts: { [verdict: string]: number } = {};
  for (const [, file = '', verdict = ''] of rows) {
    const { document, problems } = parseCorpus(file);
    const errors = problems.filter(({ severity }) => severity === 'error');
    assert.equal(document !== null, verdict !== 'invalid', `${file}: ${JSON.stringify(errors)}`);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  t.diagnostic(`documents judged as measured: ${JSON.stringify(counts)}`);
});

testVectors<CorpusCase>('corpus-documents', judge);

function judge(given: CorpusCase): void {
  const { document } = parseCorpus(given.file);
  if (given.verdict === 'invalid') {
    assert.equal(document, null);
    return;
  }
  assert.ok(document !== null);
  const store = () => ({ type: 'String', value: 'SSMVALUE' }) as const;
  const prepared = prepareRun(document, given.parameters, { ...onLinux, store });
  if (given.expected.error !== undefined) {
    assert.ok(!prepared.ok);
    assert.equal(prepared.message, given.expected.error);
    return;
  }
  assert.ok(prepared.ok, prepared.ok ? '' : prepared.message);
  const steps = prepared.steps.map(({ action, name, inputs }) => ({ action, name, inputs }));
  assert.deepEqual(sorted(steps, document.schemaVersion), expectedSteps(given));
}

/** The corpus lists the steps of 1.x by action. */
function sorted(steps: readonly CorpusStep[], schemaVersion: string): readonly CorpusStep[] {
  if (schemaVersion !== '1.2') return steps;
  return [...steps].sort((a, b) => compareText(a.action, b.action));
}

/** Ours flattens scripts, which the reference does not (spec/documents.md §2.5). */
function expectedSteps({ expected }: CorpusCase): readonly CorpusStep[] {
  return (expected.steps ?? []).map(({ action, name, inputs }) => ({
    action,
    name,
    inputs: SCRIPT_ACTIONS.has(action) ? overElements(inputs) : inputs,
  }));
}

function overElements(inputs: Json): Json {
  if (Array.isArray(inputs)) return (inputs as readonly Json[]).map(overElements);
  if (!isJsonObject(inputs) || inputs['runCommand'] === undefined) return inputs;
  return { ...inputs, runCommand: scriptLines(inputs['runCommand']) };
}
