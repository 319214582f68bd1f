import assert from 'node:assert/strict';
import { runsOn } from '../../../src/core/document/actions.ts';
import {
  agentText,
  constraintViolations,
  patternViolations,
} from '../../../src/core/document/constraints.ts';
import { judgeStep, skippedByExitText } from '../../../src/core/document/disposition.ts';
import { splitDocumentReference } from '../../../src/core/document/document-name.ts';
import { concludeScript, concludeUnstarted } from '../../../src/core/document/exit.ts';
import { scriptTimeoutSeconds } from '../../../src/core/document/inputs.ts';
import { combinedOutput, cutText } from '../../../src/core/document/output.ts';
import { typeParameters } from '../../../src/core/document/parameters.ts';
import { parseDocument } from '../../../src/core/document/parse.ts';
import { prepareRun } from '../../../src/core/document/prepare.ts';
import type { PreparedStep, RunContext, StoreValue } from '../../../src/core/document/prepared.ts';
import type { StepState } from '../../../src/core/document/status.ts';
import { countStates, documentState, mergeStates } from '../../../src/core/document/status.ts';
import {
  isSecretReference,
  mentionsSecureStore,
  mentionsStore,
  resolveReferences,
} from '../../../src/core/document/store.ts';
import { PARAMETER_NAME, substitute } from '../../../src/core/document/substitute.ts';
import type { Document } from '../../../src/core/model/document.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { isJsonObject } from '../../../src/core/model/json.ts';
import { allHandlers, documentWith } from './build.ts';
import type { VectorCase } from './vectors.ts';
import { testVectors } from './vectors.ts';

type Case<Input, Expected> = VectorCase & { readonly input: Input; readonly expected: Expected };
type Outcome = { readonly result?: Json; readonly error?: string };

type ParseOutcome = {
  readonly error?: string;
  readonly schemaVersion?: string;
  readonly steps?: readonly { action: string; name: string; inputs: Json }[];
};

function judgeParse(format: 'json' | 'yaml') {
  return ({ input, expected }: Case<{ text: string }, ParseOutcome>): void => {
    const { document, problems } = parseDocument(input.text, { file: `v.${format}`, format });
    const errors = problems.filter(({ severity }) => severity === 'error');
    if (expected.error !== undefined) {
      assert.equal(document, null);
      assert.ok(errors.length > 0, 'nothing is refused');
      return;
    }
    assert.deepEqual(errors, []);
    assert.equal(document?.schemaVersion, expected.schemaVersion);
    const prepared = prepareRun(
      document as Document,
      {},
      context(() => null),
    );
    assert.ok(prepared.ok, 'the run is refused');
    const steps = prepared.steps.map(({ action, name, inputs }) => ({ action, inputs, name }));
    assert.deepEqual(steps, expected.steps);
  };
}

testVectors('document-parse', judgeParse('json'));

testVectors('document-parse-yaml', judgeParse('yaml'));

testVectors<Case<{ input: Json; params: JsonObject }, { result: Json }>>(
  'parameter-substitution',
  ({ input, expected }) => {
    assert.deepEqual(substitute(input.input, input.params), expected.result);
  },
);

testVectors<
  Case<
    { params: JsonObject; paramDefs: JsonObject; nested: boolean },
    { ok?: true; error?: string }
  >
>('parameter-validation', ({ input, expected, loose }) => {
  const document = documentWith({ parameters: input.paramDefs });
  const errors = [...document.parameters.values()].flatMap((definition) => {
    const value = input.params[definition.name] ?? null;
    const judge = input.nested ? constraintViolations : patternViolations;
    return judge(definition, value).map((violation) => agentText(definition.name, violation));
  });
  if (expected.ok === true) assert.deepEqual(errors, []);
  else if (loose === true) assert.ok(errors.length > 0, 'nothing is refused');
  else
    assert.equal(`all errors during param validation errors: ${errors.join('\n')}`, expected.error);
});

testVectors<Case<{ params: JsonObject }, { result: JsonObject }>>(
  'parameter-names',
  ({ input, expected }) => {
    const kept = Object.entries(input.params).filter(([name]) => PARAMETER_NAME.test(name));
    assert.deepEqual(Object.fromEntries(kept), expected.result);
  },
);

testVectors<Case<{ input: Json; ssm: { [name: string]: StoreValue } }, Outcome>>(
  'parameter-store',
  ({ input, expected }) => {
    const resolved = resolveReferences(input.input, (reference) => input.ssm[reference] ?? null);
    assert.deepEqual(
      resolved.ok ? { result: resolved.value } : { error: resolved.error },
      expected,
    );
  },
);

testVectors<
  Case<
    { text: string },
    { plainReference: boolean; secureReference: boolean; acceptedForSecretInputs: boolean }
  >
>('parameter-store-references', ({ input: { text }, expected }) => {
  assert.deepEqual(
    {
      plainReference: mentionsStore(text),
      secureReference: mentionsSecureStore(text),
      acceptedForSecretInputs: isSecretReference(text),
    },
    expected,
  );
});

const store: { [name: string]: StoreValue } = {
  list: { type: 'StringList', value: 'echo one,echo two' },
  str: { type: 'String', value: 'echo s' },
  json: { type: 'String', value: 'a"b' },
  sec: { type: 'SecureString', value: 'x' },
};

testVectors<
  VectorCase & {
    readonly document: JsonObject;
    readonly parameters: JsonObject;
    readonly expected: { inputs?: Json; error?: string };
  }
>('parameter-store-documents', ({ document, parameters, expected }) => {
  const { document: parsed } = parseDocument(JSON.stringify(document), { file: 'v.json' });
  assert.ok(parsed !== null, 'the document is refused');
  const prepared = prepareRun(
    parsed,
    parameters,
    context((reference) => store[reference] ?? null),
  );
  assert.deepEqual(
    prepared.ok ? { inputs: prepared.steps[0]?.inputs } : { error: prepared.message },
    expected,
  );
});

testVectors<
  Case<
    { supplied: { [name: string]: readonly string[] }; paramDefs: JsonObject },
    { result: JsonObject }
  >
>('association-parameters', ({ input, expected }) => {
  const document = documentWith({ parameters: input.paramDefs });
  assert.deepEqual(typeParameters(document, input.supplied).values, expected.result);
});

testVectors<
  Case<
    { precondition: { [operator: string]: readonly string[] }; params: JsonObject },
    { operation: 'execute' | 'skip' | 'fail'; message: string }
  >
>('preconditions', ({ input, expected }) => {
  const step = {
    name: 'step1',
    action: 'aws:runShellScript',
    inputs: {},
    precondition: input.precondition,
    place: { line: 1, column: 1, pointer: '' },
  };
  const { disposition, reason } = judgeStep(
    step,
    '2.2',
    input.params,
    context(() => null),
  );
  const operation = { Run: 'execute', Skip: 'skip', Fail: 'fail' }[disposition];
  assert.deepEqual({ operation, message: reason }, expected);
});

testVectors<
  VectorCase & {
    readonly document: JsonObject;
    readonly parameters?: JsonObject;
    readonly expected: { readonly steps?: readonly RunStep[]; readonly error?: string };
  }
>('document-runs', ({ document, parameters, expected, loose }) => {
  const { document: parsed } = parseDocument(JSON.stringify(document), { file: 'v.json' });
  assert.ok(parsed !== null, 'the document is refused');
  const prepared = prepareRun(parsed, parameters ?? {}, runContext);
  if (expected.steps === undefined) {
    // A crash of the reference: failing the step is as good as refusing the document.
    if (loose === true && prepared.ok)
      assert.ok(prepared.steps.some(({ disposition }) => disposition === 'Fail'));
    else assert.equal(prepared.ok ? '' : prepared.message, expected.error);
    return;
  }
  assert.ok(prepared.ok, 'the run is refused');
  let stopped = false;
  for (const [i, step] of prepared.steps.entries()) {
    const measured = expected.steps[i];
    if (measured === undefined) return; // a reboot or an end without status
    stopped = judgeMeasured(step, measured, stopped);
  }
});

type RunStep = {
  readonly status: string;
  readonly code: number;
  readonly error: string;
  readonly output: string | null;
  readonly stdout: string;
  readonly stderr: string;
};

const runContext: RunContext = {
  platformType: 'Linux',
  handlers: new Set([...allHandlers].filter((action) => runsOn(action, 'Linux'))),
  store: () => null,
};

/** What a script step asks of its inputs, the plugin's first check. */
function fitsScript(inputs: Json): boolean {
  if (!isJsonObject(inputs)) return false;
  const { runCommand, environment = {} } = inputs;
  const isTexts = (value: Json | undefined): boolean =>
    Array.isArray(value) && value.every((line) => typeof line === 'string');
  return isTexts(runCommand) && isJsonObject(environment);
}

/** Whether an exit condition holds after the step. */
function judgeMeasured(step: PreparedStep, measured: RunStep, stopped: boolean): boolean {
  if (stopped && !step.finallyStep) {
    assert.deepEqual([measured.status, measured.output], ['Skipped', skippedByExitText(step)]);
    return true;
  }
  if (step.disposition === 'Skip') {
    assert.deepEqual([measured.status, measured.output], ['Skipped', step.reason]);
    return stopped;
  }
  if (step.disposition === 'Fail') {
    assert.equal(measured.error, step.reason);
    const { state, stops } = concludeUnstarted(step);
    assert.equal(measured.status, state);
    return stopped || stops;
  }
  if (measured.stderr.startsWith('Invalid format in plugin properties')) {
    assert.ok(!fitsScript(step.inputs), 'the inputs are a script here');
    return stopped;
  }
  const written = /exit status (\d+)/.exec(measured.stderr)?.[1];
  if (
    Array.isArray(step.inputs) ||
    (measured.code !== 0 && written === undefined && measured.code !== 168)
  )
    return stopped;
  const exitCode = Number(written ?? measured.code);
  const ended = { platformType: 'Linux', killedBy: null } as const;
  const { state, stops, stdoutNote, stderrNote, ...end } = concludeScript(exitCode, ended, step);
  assert.deepEqual([measured.status, measured.code], [state, end.exitCode]);
  assert.ok(measured.stdout.endsWith(stdoutNote), 'stdout ends otherwise');
  assert.ok(measured.stderr.endsWith(stderrNote), 'stderr ends otherwise');
  return stopped || stops;
}

testVectors<Case<{ steps: readonly StepState[] }, { status: string; counts: object }>>(
  'document-status',
  ({ input, expected }) => {
    assert.equal(documentState(input.steps), expected.status);
    assert.deepEqual(countStates(input.steps), expected.counts);
  },
);

testVectors<Case<{ pair: readonly [StepState, StepState] }, { result: StepState }>>(
  'status-merge',
  ({ input, expected }) => {
    assert.equal(mergeStates(...input.pair), expected.result);
  },
);

testVectors<Case<{ timeoutSeconds: Json }, { result: number }>>(
  'script-timeouts',
  ({ input, expected }) => {
    assert.equal(scriptTimeoutSeconds(input.timeoutSeconds), expected.result);
  },
);

testVectors<Case<{ text: string; max: number; suffix: string }, { result: string }>>(
  'text-prefix',
  ({ input, expected }) => {
    assert.equal(cutText(input.text, input.max, input.suffix), expected.result);
  },
);

testVectors<Case<{ stdout: string; stderr: string; capacity: number }, { result: string }>>(
  'output-truncation',
  ({ input, expected }) => {
    assert.equal(combinedOutput(input.stdout, input.stderr, input.capacity), expected.result);
  },
);

testVectors<Case<{ reference: string }, { result: readonly [string, string] }>>(
  'document-names',
  ({ input, expected }) => {
    const { name, version } = splitDocumentReference(input.reference);
    assert.deepEqual([name, version], expected.result);
  },
);

function context(lookup: (reference: string) => StoreValue | null) {
  return { platformType: 'Linux', handlers: allHandlers, store: lookup } as const;
}
