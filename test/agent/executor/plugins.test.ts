import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { plugins } from '../../../src/agent/executor/plugins/registry.ts';
import type { Json, JsonObject } from '../../../src/core/model/json.ts';
import { taskOrder } from '../../fakes/task-order.ts';

const node = { root: '', nodeId: 'mi-0', platformName: 'Debian GNU/Linux', platformVersion: '12' };
const paths = { scratch: '/nonexistent/scratch', downloads: '/nonexistent/downloads' };

const planOf = (action: string, inputs: JsonObject) => {
  return plugins.get(action)?.plan(taskOrder({ action, inputs }), node, paths);
};

/** Every input that any of them reads, and a few that none does. */
const NAMES = [
  ...[
    'runCommand',
    'timeoutSeconds',
    'workingDirectory',
    'environment',
    'action',
    'name',
    'source',
  ],
  ...[
    'version',
    'additionalArguments',
    'sourceType',
    'sourceInfo',
    'destinationPath',
    'documentType',
  ],
  ...[
    'documentPath',
    'documentParameters',
    'associationIds',
    'container',
    'image',
    'volume',
    'cmd',
  ],
  ...['env', 'directoryId', 'directoryName', 'dnsIpAddresses', 'hostName', 'files', 'applications'],
  ...['agentName', 'allowDowngrade', '__proto__', 'constructor', 'ID', 'RUNCOMMAND'],
];
const TEXTS = [
  ...[
    '',
    '../../x',
    '/a\0b',
    'a\0b',
    '-x',
    'x\ny',
    '{"a":',
    '{"a":1}',
    '[[[[',
    '{{ssm:x}}',
    '\ud800',
  ],
  ...['Install', 'Run', 'Exec', 'SSMDocument', 'LocalPath', 'HTTP', 'Git', 'GitHub', 'S3', 'true'],
  ...[
    'https://',
    'http://[',
    'file:///a\0b',
    'amazon-ssm-agent',
    '1e999',
    '__proto__',
    'x'.repeat(9_000),
  ],
];
const SOURCE = ['url', 'repository', 'owner', 'path', 'getOptions', 'username', 'password', 'name'];

const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 20 }));
const scalar: fc.Arbitrary<Json> = fc.oneof(
  text,
  fc.constantFrom<Json>(null, true, -1, 0.5, 1e300),
);
const value: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.array(scalar, { maxLength: 4 }),
  fc.dictionary(fc.oneof(fc.constantFrom(...SOURCE), text), scalar, { maxKeys: 4 }),
);
const inputs = fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 8 });

for (const action of plugins.keys()) {
  test(`${action}: whatever a document says, its plan is an answer, and none that no process could take`, () => {
    fc.assert(
      fc.property(inputs, (given) => {
        const plan = planOf(action, given);
        if (plan?.kind === 'failure') assert.ok(plan.text !== '' && plan.text.length <= 20_000);
        if (plan?.kind !== 'script') return;
        assert.ok(!plan.workingDirectory.includes('\0'));
        for (const [name, content] of Object.entries(plan.environment))
          assert.ok(name !== '' && !/[=\0]/.test(name) && !content.includes('\0'), name);
      }),
      { numRuns: 1_000 },
    );
  });
}
