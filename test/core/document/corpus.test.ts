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
import { corpusMissing, readCorpus } from './vectors.ts';

type CorpusStep = { readonly action: string; readonly name: string; readonly inputs: Json };

type CorpusCase = {
  readonly file: string;
  readonly params: string;
  readonly parameters: JsonObject;
  readonly verdict: 'valid' | 'lenient' | 'invalid';
  readonly expected: { readonly error?: string; readonly steps?: readonly CorpusStep[] };
};

const cases: readonly CorpusCase[] =
  corpusMissing === false
    ? (JSON.parse(readCorpus('vectors/corpus-documents.json')) as { cases: readonly CorpusCase[] })
        .cases
    : [];

/** By file and parameters: where we differ from the reference, and why. */
const differences: { readonly [id: string]: string } = {
  'getmoto--tests-test_ssm-test_templates-good.yaml required-only':
    'a map as default is fine in YAML too, so the next fault of the document is told',
  'awsdocs--documents-schemas-features-cb8.json required-only':
    'booleans in allowedValues are accepted, as the guide writes them',
};

const idOf = ({ file, params }: CorpusCase): string => `${fileOf(file)} ${params}`;
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

test('corpus: steps after substitution are those of the reference', {
  skip: corpusMissing,
}, (t) => {
  let agreed = 0;
  let different = 0;
  for (const given of cases) {
    const id = idOf(given);
    if (id in differences) {
      assert.throws(() => {
        judge(given);
      }, `${id} agrees by now; take it off the list`);
      different += 1;
    } else {
      judge(given);
      agreed += 1;
    }
  }
  t.diagnostic(`corpus-documents: ${agreed} agree, ${different} reasoned differences`);
});

function judge(given: CorpusCase): void {
  const { document } = parseCorpus(given.file);
  if (given.verdict === 'invalid') {
    assert.equal(document, null, idOf(given));
    return;
  }
  assert.ok(document !== null, idOf(given));
  const store = () => ({ type: 'String', value: 'SSMVALUE' }) as const;
  const prepared = prepareRun(document, given.parameters, { ...onLinux, store });
  if (given.expected.error !== undefined) {
    assert.ok(!prepared.ok, idOf(given));
    assert.equal(prepared.message, given.expected.error, idOf(given));
    return;
  }
  assert.ok(prepared.ok, `${idOf(given)}: ${prepared.ok ? '' : prepared.message}`);
  const steps = prepared.steps.map(({ action, name, inputs }) => ({ action, name, inputs }));
  assert.deepEqual(sorted(steps, document.schemaVersion), expectedSteps(given), idOf(given));
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
