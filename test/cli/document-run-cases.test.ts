/**
 * Documents as people have them, run by the agent's own executor: how each step ends, and in which words. Rules: the
 * flow, exit codes and texts of AWS's agent, and where it is different on purpose, docs/documents.md.
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { Json, JsonObject } from '../../src/core/model/json.ts';
import { call, tempFolder } from './cli.ts';

type Case = {
  readonly name: string;
  readonly document: JsonObject;
  readonly parameters?: readonly string[];
  readonly status: 'Success' | 'Failed' | 'TimedOut';
  /** `step Status code`. */
  readonly steps: readonly string[];
  /** Found in what the steps say together: outputs and reasons. */
  readonly says?: readonly RegExp[];
  readonly never?: RegExp;
};

const shell = (name: string, line: string, inputs: JsonObject = {}): JsonObject => ({
  action: 'aws:runShellScript',
  name,
  inputs: { runCommand: [line], ...inputs },
});
const step = (name: string, action: string, inputs: Json, more: JsonObject = {}): JsonObject => ({
  action: `aws:${action}`,
  name,
  inputs,
  ...more,
});
const document = (mainSteps: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  schemaVersion: '2.2',
  mainSteps,
  ...more,
});
const inner = (name: string, commands: readonly string[], more: JsonObject = {}): JsonObject =>
  step(name, 'runDocument', {
    documentType: 'SSMDocument',
    documentPath: 'AWS-RunShellScript',
    documentParameters: { commands },
    ...more,
  });

const after = shell('after', 'echo came after');
const EXITED = /and id after skipped due to prior step with an exit condition/;

const cases: readonly Case[] = [
  {
    name: 'a failed step stops nothing, whatever the keys beside its inputs say',
    document: document([
      {
        ...shell('one', 'exit 4'),
        onFailure: 'exit',
        isEnd: true,
        timeoutSeconds: 5,
        nextStep: 'x',
      },
      after,
    ]),
    status: 'Failed',
    steps: ['one Failed 4', 'after Success 0'],
    says: [/failed to run commands: exit status 4/, /came after/],
  },
  ...['Abort', 'Continue', 'Exit', 'EXIT', 'step:after', true].map(
    (word): Case => ({
      name: `onFailure: ${word} is no word of the language`,
      document: document([shell('one', 'false', { onFailure: word }), after]),
      status: 'Failed',
      steps: ['one Failed 1', 'after Success 0'],
    }),
  ),
  {
    name: 'onFailure: exit, from a parameter',
    document: document([shell('one', 'false', { onFailure: '{{ word }}' }), after], {
      parameters: { word: { type: 'String', default: 'exit' } },
    }),
    status: 'Failed',
    steps: ['one Failed 1', 'after Skipped 0'],
    says: [/Step was found to have onFailure property/, EXITED],
  },
  {
    name: 'onFailure: successAndExit',
    document: document([shell('one', 'exit 9', { onFailure: 'successAndExit' }), after]),
    status: 'Success',
    steps: ['one Success 168', 'after Skipped 0'],
  },
  {
    name: 'onSuccess: exit, and a finally step all the same',
    document: document([
      shell('one', 'true', { onSuccess: 'exit' }),
      after,
      shell('last', 'echo cleaned', { finallyStep: 'true' }),
    ]),
    status: 'Success',
    steps: ['one Success 0', 'after Skipped 0', 'last Success 0'],
    says: [/cleaned/],
  },
  {
    name: 'finallyStep counts on the last step only, and as true or "true" only',
    document: document([
      shell('one', 'false', { onFailure: 'exit' }),
      shell('early', 'true', { finallyStep: true }),
      shell('last', 'true', { finallyStep: 'True' }),
    ]),
    status: 'Failed',
    steps: ['one Failed 1', 'early Skipped 0', 'last Skipped 0'],
  },
  {
    name: 'onSuccess of a step that is skipped stops nothing',
    document: document([
      {
        ...shell('one', 'true', { onSuccess: 'exit' }),
        precondition: { StringEquals: ['platformType', 'Windows'] },
      },
      after,
    ]),
    status: 'Success',
    steps: ['one Skipped 0', 'after Success 0'],
    says: [/unsatisfied preconditions: '"StringEquals": \[platformType, Windows\]'/],
  },
  {
    name: 'a step that times out triggers neither onFailure nor onSuccess, and a later failure is worse',
    document: document(
      [
        shell('one', 'echo begun; sleep 60', {
          timeoutSeconds: '{{ seconds }}',
          onFailure: 'exit',
          onSuccess: 'exit',
        }),
        shell('two', 'exit 1'),
      ],
      { parameters: { seconds: { type: 'String', default: '5' } } },
    ),
    status: 'Failed',
    steps: ['one TimedOut 137', 'two Failed 1'],
    says: [/begun/, /killed, because its time-out had passed/],
    never: /exit status 137/,
  },
  {
    name: 'code 137 is a time-out, whoever killed the script; another signal is a failure',
    document: document([shell('one', 'kill -KILL $$'), shell('two', 'kill -TERM $$')]),
    status: 'Failed',
    steps: ['one TimedOut 137', 'two Failed 143'],
    says: [/no time-out of ours had passed/, /exit status 143/],
  },
  {
    name: 'a time-out alone is the status of the document',
    document: document([shell('one', 'exit 137'), after]),
    status: 'TimedOut',
    steps: ['one TimedOut 137', 'after Success 0'],
  },
  {
    name: 'code 168 beats onFailure, and takes stderr away',
    document: document([
      shell('one', 'echo o; echo gone >&2; exit 168', { onFailure: 'exit' }),
      after,
    ]),
    status: 'Success',
    steps: ['one Success 168', 'after Skipped 0'],
    says: [/o\n\nStep exited with code 168\. Therefore, marking step as succeeded\./],
    never: /gone/,
  },
  {
    name: 'code 169 beats successAndExit',
    document: document([shell('one', 'exit 169', { onFailure: 'successAndExit' }), after]),
    status: 'Failed',
    steps: ['one Failed 169', 'after Skipped 0'],
    says: [/Step exited with code 169\. Therefore, marking step as Failed\./],
  },
  {
    name: 'exit 3010 of a POSIX shell asks for a restart, which nobody does here',
    document: document([shell('one', 'exit 3010'), after]),
    status: 'Failed',
    steps: ['one Failed 194', 'after Skipped 0'],
    says: [/asked for a reboot \(exit code 194\)/],
  },
  {
    name: 'an exit condition of an inner document ends the inner one only',
    document: document([inner('one', ['exit 168']), after]),
    status: 'Success',
    steps: ['one Success 0', 'after Success 0'],
  },
  {
    name: 'a failure of an inner document is code 1, and its onFailure is that of the step',
    document: document([inner('one', ['echo inside', 'exit 7'], { onFailure: 'exit' }), after]),
    status: 'Failed',
    steps: ['one Failed 1', 'after Skipped 0'],
    says: [/inside/, /exit status 7/],
  },
  {
    name: 'documentParameters as text in YAML; null takes the default',
    document: document([
      inner('one', [], {
        documentParameters: 'commands: [echo from yaml]\nworkingDirectory: null\n',
      }),
    ]),
    status: 'Success',
    steps: ['one Success 0'],
    says: [/from yaml/],
  },
  {
    name: 'documentType in another case, a list of parameters, a document that is nowhere',
    document: document([
      inner('one', [], { documentType: 'ssmdocument' }),
      inner('two', [], { documentParameters: ['x'] }),
      step('three', 'runDocument', { documentType: 'LocalPath', documentPath: 'none.json' }),
      step('four', 'runDocument', { documentType: 'SSMDocument' }),
    ]),
    status: 'Failed',
    steps: ['one Failed 1', 'two Failed 1', 'three Failed 1', 'four Failed 1'],
    says: [
      /Document Type specified in invalid|Document type specified in invalid/,
      /parameter type specified to run document is unknown/,
      /File is empty!/,
      /Document Path must be provided/,
    ],
  },
  {
    name: 'an action that nobody knows fails, and makes no success of it',
    document: document([step('one', 'runScript', { onFailure: 'successAndExit' }), after]),
    status: 'Failed',
    steps: ['one Failed 1', 'after Success 0'],
    says: [/came after/],
  },
  {
    name: 'an action that nobody knows fails, and its onFailure: exit counts',
    document: document([step('one', 'runScript', { onFailure: 'exit' }), after]),
    status: 'Failed',
    steps: ['one Failed 1', 'after Skipped 0'],
    says: [/Plugin with name aws:runScript is not supported by this version of ssm agent/],
  },
  {
    name: 'an action of another platform: skipped in 2.2',
    document: document([step('one', 'psModule', { source: 'x' }), step('two', 'applications', {})]),
    status: 'Success',
    steps: ['one Skipped 0', 'two Skipped 0'],
    says: [/Step execution skipped due to unsupported plugin: aws:psModule\. Step name: one/],
  },
  {
    name: 'an action of another platform and a precondition: failed in 2.0',
    document: document(
      [
        step('one', 'psModule', { source: 'x' }),
        { ...after, precondition: { StringEquals: ['platformType', 'Linux'] } },
      ],
      { schemaVersion: '2.0' },
    ),
    status: 'Failed',
    steps: ['one Failed 1', 'after Failed 1'],
    says: [
      /Plugin with name aws:psModule not found\. Step name: one/,
      /Precondition is not supported for document schema version prior to 2\.2\. Step name: after/,
    ],
  },
  {
    name: 'an unmet precondition wins over one that is not understood',
    document: document(
      [
        {
          ...shell('one', 'true'),
          precondition: { StringEquals: ['{{ stage }}', 'dev'], NumberEquals: ['1', '2'] },
        },
        { ...shell('two', 'true'), precondition: { StringEquals: ['{{ stage }}', 'Prod'] } },
        { ...shell('three', 'true'), precondition: { StringEquals: ['LINUX', 'platformType'] } },
        { ...shell('four', 'true'), precondition: { NumberEquals: ['1', '2'] } },
      ],
      { parameters: { stage: { type: 'String', default: 'prod' } } },
    ),
    status: 'Failed',
    steps: ['one Skipped 0', 'two Skipped 0', 'three Success 0', 'four Failed 1'],
    says: [/'"StringEquals": \[\{\{ stage \}\}, dev\], unrecognized operator: "NumberEquals"'/],
  },
  {
    name: 'inputs as a list: all elements run, outputs joined, the first code that is not 0, no shared inputs',
    document: document([
      {
        action: 'aws:runShellScript',
        name: 'one',
        inputs: [
          { runCommand: ['echo a; exit 3'], onFailure: 'exit' },
          { runCommand: ['echo b; exit 5'] },
          { runCommand: ['echo c'] },
        ],
      },
      after,
    ]),
    status: 'Failed',
    steps: ['one Failed 3', 'after Success 0'],
    says: [/a\n\nb\n\nc\n/],
  },
  {
    name: 'a list whose first code is 168 is done, whatever the others came to',
    document: document([
      step('one', 'runShellScript', [
        { runCommand: ['echo a; echo gone >&2; exit 168'] },
        { runCommand: ['echo b; exit 5'] },
      ]),
      after,
    ]),
    status: 'Success',
    steps: ['one Success 168', 'after Skipped 0'],
    says: [/a\n\nb\n\nStep exited with code 168\./],
    never: /gone|exit status/,
  },
  {
    name: 'a list whose first code is 169 has failed for good',
    document: document([
      step('one', 'runShellScript', [
        { runCommand: ['exit 169'] },
        { runCommand: ['exit 168'], onSuccess: 'exit' },
      ]),
      after,
    ]),
    status: 'Failed',
    steps: ['one Failed 169', 'after Skipped 0'],
    says: [/status 169\nfailed to run commands: exit status 168\nStep exited with code 169\./],
  },
  {
    name: 'a code 168 that is not the first of its list stops nothing',
    document: document([
      step('one', 'runShellScript', [{ runCommand: ['exit 5'] }, { runCommand: ['exit 168'] }]),
      after,
    ]),
    status: 'Failed',
    steps: ['one Failed 5', 'after Success 0'],
    says: [/failed to run commands: exit status 5\nfailed to run commands: exit status 168/],
  },
  {
    name: 'a list with something that is no map in it',
    document: document([
      step('one', 'runShellScript', ['x', null, { runCommand: ['echo a'] }]),
      after,
    ]),
    status: 'Failed',
    steps: ['one Failed 1', 'after Success 0'],
    says: [/Invalid format in plugin properties "x";\nerror /, /a\n/],
  },
  {
    name: 'an environment with nothing in a variable',
    document: document([shell('one', 'echo "<$A>"', { environment: { A: null } })]),
    status: 'Success',
    steps: ['one Success 0'],
    says: [/<>/],
  },
  {
    name: 'schemaVersion 1.2: properties as a list, with ids that are no folders; an empty list is Success',
    document: {
      schemaVersion: '1.2',
      parameters: { commands: { type: 'StringList' } },
      runtimeConfig: {
        'aws:runShellScript': {
          properties: [
            { id: '../../up', runCommand: '{{ commands }}' },
            { id: '0.aws:runShellScript', runCommand: ['echo second'] },
          ],
        },
        'aws:runPowerShellScript': { properties: [] },
      },
    },
    parameters: ['commands=["echo first"]'],
    status: 'Success',
    steps: ['aws:runShellScript Success 0', 'aws:runPowerShellScript Success 0'],
    says: [/first\n\nsecond/],
  },
  {
    name: 'a StringList in a list is flattened, a bare text is one line, no line at all is Success',
    document: document(
      [
        shell('one', '', { runCommand: ['{{ list }}', 'echo three'] }),
        shell('two', '', { runCommand: 'echo bare' }),
        shell('three', '', { runCommand: [] }),
      ],
      { parameters: { list: { type: 'StringList', default: ['echo one', 'echo two'] } } },
    ),
    status: 'Success',
    steps: ['one Success 0', 'two Success 0', 'three Success 0'],
    says: [/one\ntwo\nthree\n/, /bare/],
  },
  {
    name: 'inputs of the wrong kind fail the step with what was given',
    document: document([
      shell('one', '', { runCommand: [5] }),
      shell('two', 'true', { environment: { A: 1 } }),
      shell('three', 'true', { workingDirectory: '/none/at/all' }),
      shell('four', 'true', { workingDirectory: 'a\0b' }),
      step('five', 'runDockerAction', { action: 'Run', image: ['x'] }),
      step('six', 'refreshAssociation', { associationIds: { a: 'b' } }),
      shell('seven', 'true', { id: 7 }),
    ]),
    status: 'Failed',
    steps: ['one', 'two', 'three', 'four', 'five', 'six', 'seven'].map(
      (name) => `${name} Failed 1`,
    ),
    says: [
      /Invalid format in plugin properties \{"runCommand":\[5\]\};\nerror /,
      /environment must be a map of texts/,
      /failed to run commands: chdir \/none\/at\/all: no such file or directory/,
      /Invalid format in plugin properties \{"action":"Run","image":\["x"\]\};\nerror image/,
      /Invalid format in plugin properties \{"associationIds"/,
    ],
  },
  {
    name: 'tokens of runbooks and unknown names stay; values are not looked at again; $$ inside a text is $',
    document: document(
      [
        shell(
          'one',
          `echo '{{global:DATE}} {{ automation:EXECUTION_ID }} {{ nope }} {{{a}}} {{ n }} {{ l }}'`,
        ),
      ],
      {
        parameters: {
          a: { type: 'String', default: '$$ {{ nope }}' },
          n: { type: 'Integer', default: 7 },
          l: { type: 'StringList', default: ['<x>', '&'] },
        },
      },
    ),
    status: 'Success',
    steps: ['one Success 0'],
    says: [
      /\{\{global:DATE\}\} \{\{ automation:EXECUTION_ID \}\} \{\{ nope \}\} \{\$ \{\{ nope \}\}\} 7 \["\\u003cx\\u003e","\\u0026"\]/,
    ],
  },
  {
    name: 'an ENV_VAR value is data: in double quotes, bare and in the environment',
    document: document(
      [
        shell('one', 'echo "{{ v }}"; printf "%s|" {{ v }}; echo; echo "$SSM_v $OWN"', {
          environment: { OWN: 'own {{ v }}', SSM_v: 'not this one' },
        }),
      ],
      {
        parameters: {
          v: { type: 'String', interpolationType: 'ENV_VAR', default: 'a; echo $(id) `id`' },
        },
      },
    ),
    status: 'Success',
    steps: ['one Success 0'],
    says: [/^a; echo \$\(id\) `id`$/m, /^a; echo \$\(id\) `id` own a; echo/m],
    never: /uid=/,
  },
  {
    name: 'a child that keeps the output open holds its step until the time-out',
    document: document([shell('one', 'sleep 60 & echo gone', { timeoutSeconds: 5 })]),
    status: 'TimedOut',
    steps: ['one TimedOut 137'],
    says: [/gone/],
  },
];

for (const { name, document: content, parameters = [], status, steps, says = [], never } of cases) {
  test(`a document runs: ${name}`, async (t) => {
    const dir = await tempFolder(t);
    const file = join(dir, 'document.json');
    await writeFile(file, JSON.stringify(content));
    const given = parameters.flatMap((each) => ['--parameters', each]);
    const argv = ['document', 'run', file, '--root', dir, '--format', 'json', ...given];
    const { code, stdout, stderr } = await call(argv);
    assert.notEqual(stdout, '', stderr);
    const ran = JSON.parse(stdout) as {
      readonly status: string;
      readonly steps: readonly { readonly [key: string]: string }[];
    };
    const told = ran.steps.map((each) => `${each['name']} ${each['status']} ${each['exitCode']}`);
    assert.deepEqual([ran.status, told], [status, steps]);
    assert.equal(code, status === 'Success' ? 0 : 4);
    const said = ran.steps
      .map((each) => `${each['stdout']}\n${each['stderr']}\n${each['reason']}`)
      .join('\n');
    for (const pattern of says) assert.match(said, pattern);
    if (never !== undefined) assert.doesNotMatch(said, never);
  });
}
