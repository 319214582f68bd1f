import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { libraryOf } from '../../../src/core/load/library.ts';
import { nodeIdOfKey } from '../../../src/core/load/node-key.ts';
import { makeIdentity, nodeIdOf } from '../../../src/protocol/keys.ts';
import { load, repository, SAY, says } from './repository.ts';

const PARAMETER = 'Name: /a/b\nValue: hello\nReconciled: { Version: 2, Labels: [stable] }\n';

function definitionOf(association: string, more: { readonly [path: string]: string } = {}) {
  const files = repository({
    'documents/Say.yaml': SAY,
    'parameters/p.yaml': PARAMETER,
    'groups/g.yaml': 'Name: web\nTargets: [{ Key: "tag:role", Values: [web] }]\n',
    'associations/a.yaml': association,
    ...more,
  });
  const { catalog } = load(files);
  const [definition] = definitionsOf(catalog).values();
  assert.ok(definition !== undefined, JSON.stringify(catalog.problems));
  return definition;
}
const base = definitionOf(says('one'));

for (const { name, definition, generation, part } of [
  {
    name: 'the schedule',
    definition: definitionOf(says('one', 'ScheduleExpression: rate(1 hour)\n')),
    generation: false,
    part: 'schedule',
  },
  {
    name: 'the targets',
    definition: definitionOf(says('one').replace('"*"', 'mi-0123456789abcdef0')),
    generation: false,
    part: 'targets',
  },
  {
    name: 'rate control',
    definition: definitionOf(says('one', 'MaxErrors: "1"\n')),
    generation: false,
    part: 'whole',
  },
  {
    name: 'a parameter',
    definition: definitionOf(says('one').replace('hello', 'goodbye')),
    generation: true,
    part: 'parameters',
  },
  {
    name: 'the document',
    definition: definitionOf(says('one'), {
      'documents/Say.yaml': SAY.replace('echo', 'printf %s'),
    }),
    generation: true,
    part: 'document',
  },
] as const)
  test(`an edit of ${name} changes the generation: ${generation}`, () => {
    assert.equal(definition.digests.generation !== base.digests.generation, generation);
    assert.notEqual(definition.digests[part], base.digests[part]);
  });

test('comments, order of keys and the way of quoting change nothing', () => {
  const same = `# a comment\nTargets: [{ Values: ['*'], Key: InstanceIds }]\nParameters: { "text": [hello] }\nName: Say\nAssociationName: "one"\n`;
  assert.deepEqual(definitionOf(same).digests, base.digests);
});

test('the value behind a reference is part of the generation, by name, version or label', () => {
  for (const reference of ['/a/b', '/a/b:2', '/a/b:stable']) {
    const text = says('one').replace('hello', `"{{ssm:${reference}}}"`);
    const before = definitionOf(text);
    assert.deepEqual(before.parameterStore, { [reference]: { type: 'String', value: 'hello' } });
    assert.deepEqual(before.parameters['text'], `{{ssm:${reference}}}`);
    const after = definitionOf(text, {
      'parameters/p.yaml': PARAMETER.replace('hello', 'goodbye'),
    });
    assert.notEqual(after.digests.generation, before.digests.generation);
    assert.equal(after.digests.whole, before.digests.whole);
  }
});

test('a change of a group that is targeted changes the digest of the targets', () => {
  const text = says('one').replace(
    'InstanceIds, Values: ["*"]',
    '"resource-groups:Name", Values: [web]',
  );
  const after = definitionOf(text, {
    'groups/g.yaml': 'Name: web\nTargets: [{ Key: "tag:role", Values: [db] }]\n',
  });
  assert.notEqual(after.digests.targets, definitionOf(text).digests.targets);
});

test('defaults of the document are effective, typed', () => {
  assert.deepEqual(base.parameters, { text: 'hello', how: 'loud', times: 1 });
});

test('the budget of a run is the sum of its steps, or what the association says', () => {
  assert.equal(base.timeoutBudgetMs, 3_600_000);
  assert.equal(
    definitionOf(says('one', 'Reconciled: { TimeoutSeconds: 5 }\n')).timeoutBudgetMs,
    5_000,
  );
});

test('a node has the id that the protocol gives its key', () => {
  const { publicKey } = makeIdentity();
  assert.equal(nodeIdOfKey(publicKey), nodeIdOf(publicKey));
  assert.equal(nodeIdOfKey('ed25519:nonsense'), null);
});

const OUTER = `schemaVersion: "2.2"
parameters: { text: { type: String } }
mainSteps:
  - action: aws:runDocument
    name: inner
    inputs: { documentType: SSMDocument, documentPath: "{{ text }}", documentParameters: { text: hi } }
`;

test('a document that another one runs is part of what a node executes', () => {
  const outer = { 'documents/Outer.yaml': OUTER, 'documents/Inner.yaml': SAY };
  const association = says('one').replace('Name: Say', 'Name: Outer').replace('hello', 'Inner');
  const definition = definitionOf(association, outer);
  assert.deepEqual(
    definition.includes.map(({ reference, document }) => [reference, document.name]),
    [['Inner', 'Inner']],
  );
  const edited = definitionOf(association, {
    ...outer,
    'documents/Inner.yaml': SAY.replace('echo', 'printf %s'),
  });
  assert.notEqual(edited.digests.generation, definition.digests.generation);
  assert.notEqual(edited.digests.document, definition.digests.document);
  assert.equal(edited.digests.parameters, definition.digests.parameters);
});

test('a document that is run twice may take twice as long', () => {
  const step = OUTER.slice(OUTER.indexOf('  - action'));
  const budgetOf = (text: string) =>
    definitionOf(says('one').replace('Name: Say', 'Name: Outer').replace('hello', 'Inner'), {
      'documents/Outer.yaml': text,
      'documents/Inner.yaml': SAY,
    }).timeoutBudgetMs;
  const once = budgetOf(OUTER);
  assert.equal(budgetOf(OUTER + step.replace('name: inner', 'name: again')), 2 * once);
});

test('a document that includes one that is not there is no association in force', () => {
  const files = repository({
    'documents/Outer.yaml': OUTER,
    'documents/Inner.yaml': SAY,
    'associations/a.yaml': says('one').replace('Name: Say', 'Name: Outer').replace('hello', 'Iner'),
  });
  const { catalog } = load(files);
  assert.equal(catalog.associations.size, 0);
  const [problem] = catalog.problems.filter(({ severity }) => severity === 'error');
  assert.equal(problem?.code, 'unknown-document');
  assert.match(problem.message, /"Outer" includes "Iner"/);
  assert.match(problem.hint, /Did you mean "Inner"/);
});

for (const [deep, warns] of [
  [3, false],
  [4, true],
] as const) {
  test(`documents ${deep} deep are ${warns ? 'warned of' : 'fine'}`, () => {
    const chain = Object.fromEntries(
      Array.from({ length: deep }, (_, at) => [
        `documents/Level${at}.yaml`,
        `schemaVersion: "2.2"
mainSteps:
  - { action: aws:runDocument, name: next, inputs: { documentType: SSMDocument, documentPath: Level${at + 1} } }
`,
      ]),
    );
    const { catalog } = load(
      repository({
        ...chain,
        [`documents/Level${deep}.yaml`]: SAY.replace(
          '{ type: String',
          '{ type: String, default: x',
        ),
        'associations/a.yaml':
          'AssociationName: one\nName: Level0\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\n',
      }),
    );
    const found = catalog.problems.filter(({ code }) => code === 'includes-too-deep');
    assert.equal(found.length, warns ? 1 : 0, JSON.stringify(catalog.problems));
    assert.equal(catalog.associations.size, 1);
    if (warns) assert.match(found[0]?.message ?? '', /"Level0" comes to run "Level4"/);
  });
}

for (const [parameters, why] of [
  ['{ count: "5" }', null],
  ['{ count: 5 }', null],
  ['{ count: "5; id" }', /parameter count is of type Integer/],
  ['{ count: 7 }', /not in the allowed list/],
  ['{ cuont: 5 }', /Parameter "cuont" is not defined/],
] as const) {
  test(`a document that runs another with ${parameters} is ${why === null ? 'fine' : 'warned of'}`, () => {
    const { catalog } = load(
      repository({
        'documents/Inner.yaml': `schemaVersion: "2.2"
parameters:
  count: { type: Integer, default: 5, allowedValues: [5, 6] }
mainSteps:
  - { action: aws:runShellScript, name: say, inputs: { runCommand: ["echo {{ count }}"] } }
`,
        'documents/Outer.yaml': `schemaVersion: "2.2"
mainSteps:
  - action: aws:runDocument
    name: inner
    inputs: { documentType: SSMDocument, documentPath: Inner, documentParameters: ${parameters} }
`,
        'associations/a.yaml':
          'AssociationName: one\nName: Outer\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\n',
      }),
    );
    const found = catalog.problems.filter(({ code }) => code === 'includes-unfit');
    assert.equal(found.length, why === null ? 0 : 1, JSON.stringify(catalog.problems));
    assert.equal(catalog.associations.size, 1);
    if (why !== null) assert.match(found[0]?.message ?? '', why);
  });
}

for (const reference of [
  'AWS-Say',
  'AWS-Say:1',
  'AWS-Say:$LATEST',
  'arn:aws:ssm:us-east-1::document/AWS-Say',
  'arn:aws:ssm:us-east-1::document/AWS-Say:1',
]) {
  test(`a step that runs ${reference} means the preconfigured document`, () => {
    const { catalog } = load(
      repository({
        'documents/Outer.yaml': `schemaVersion: "2.2"
mainSteps:
  - action: aws:runDocument
    name: inner
    inputs:
      documentType: SSMDocument
      documentPath: "${reference}"
      documentParameters: { text: hi }
`,
        'associations/a.yaml':
          'AssociationName: one\nName: Outer\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\n',
      }),
      { library: libraryOf([{ name: 'AWS-Say', text: SAY }]) },
    );
    assert.deepEqual(catalog.problems, []);
    assert.equal(catalog.associations.size, 1);
  });
}

for (const { references, refused } of [
  { references: 200, refused: false },
  { references: 201, refused: true },
]) {
  test(`${references} references to the store: ${refused ? 'more than a job carries' : 'as many as a job carries'}`, () => {
    const names = Array.from({ length: references }, (_, n) => `p${n}`);
    const { catalog } = load(
      repository({
        'documents/Many.yaml': `schemaVersion: "2.2"
mainSteps:
  - action: aws:runShellScript
    name: say
    inputs:
      runCommand:
${names.map((name) => `        - "echo {{ssm:${name}}}"`).join('\n')}
`,
        ...Object.fromEntries(
          names.map((name) => [
            `parameters/${name}.yaml`,
            `Name: ${name}\nType: String\nValue: x\n`,
          ]),
        ),
        'associations/a.yaml':
          'AssociationName: one\nName: Many\nTargets: [{ Key: InstanceIds, Values: ["*"] }]\n',
      }),
    );
    const found = catalog.problems.filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      found.map(({ code, file, line }) => `${code} ${file}:${line}`),
      refused ? ['too-many-references associations/a.yaml:2'] : [],
    );
    assert.equal(catalog.associations.size, refused ? 0 : 1);
  });
}
