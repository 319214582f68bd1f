import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { associationName } from '../../../src/core/model/brand.ts';
import type { Catalog } from '../../../src/core/model/catalog.ts';
import { codesOf, history, load, repository, SAY, says } from './repository.ts';

const BROKEN = 'AssociationName: [';
const namesOf = (catalog: Catalog) => [...catalog.associations.keys()].sort();
const textOf = (catalog: Catalog, name: string) =>
  catalog.associations.get(associationName(name))?.parameters['text']?.[0];
/** Needs `word` where SAY needs `text`. */
const SAY_WORD = SAY.replaceAll('text', 'word');
const saysWord = (name: string) => says(name).replace('text:', 'word:');

test('a broken file keeps its last good content in force, and says so', () => {
  const revise = history();
  revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': says('one') });
  const catalog = revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': BROKEN });
  assert.deepEqual(namesOf(catalog), ['one']);
  assert.ok(catalog.invalid.get('associations/a.yaml')?.lastGood);
  assert.equal(
    catalog.invalidAssociations.get(associationName('one')),
    'associations/a.yaml is not valid',
  );
  assert.equal(definitionsOf(catalog).size, 1);
});

test('it stays in force over further broken revisions, and a repair ends that', () => {
  const revise = history();
  revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': says('one') });
  revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': BROKEN });
  assert.deepEqual(namesOf(revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': '[]: {' })), [
    'one',
  ]);
  const repaired = revise({
    'documents/Say.yaml': SAY,
    'associations/a.yaml': says('one', 'MaxErrors: "3"\n'),
  });
  assert.deepEqual([...repaired.invalid], []);
  assert.equal(repaired.invalidAssociations.size, 0);
});

test('a broken file that never was good is not in force', () => {
  const catalog = history()({
    'documents/Say.yaml': SAY,
    'associations/a.yaml': BROKEN,
    'associations/b.yaml': says('two'),
  });
  assert.deepEqual(namesOf(catalog), ['two']);
  assert.deepEqual([...catalog.invalid], [['associations/a.yaml', { lastGood: null }]]);
});

test('an absent file is absent', () => {
  const revise = history();
  revise({
    'documents/Say.yaml': SAY,
    'associations/a.yaml': says('one'),
    'associations/b.yaml': says('two'),
  });
  const catalog = revise({ 'documents/Say.yaml': SAY, 'associations/b.yaml': says('two') });
  assert.deepEqual(namesOf(catalog), ['two']);
  assert.deepEqual(catalog.problems, []);
});

test('a document removed while referenced stays in force', () => {
  const revise = history();
  revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': says('one') });
  for (let i = 0; i < 2; i++) {
    const catalog = revise({ 'associations/a.yaml': says('one') });
    assert.deepEqual(codesOf(catalog), [
      'unknown-document associations/a.yaml:2',
      'removed-but-needed documents/Say.yaml:1',
    ]);
    assert.equal(definitionsOf(catalog).size, 1);
    assert.ok(catalog.invalid.get('documents/Say.yaml')?.lastGood);
    assert.ok(catalog.invalidAssociations.has(associationName('one')));
  }
  assert.deepEqual(revise({}).files, new Map());
});

test('a broken document keeps its last good content for all that use it', () => {
  const revise = history();
  const first = revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': says('one') });
  const catalog = revise({
    'documents/Say.yaml': 'schemaVersion: "9"',
    'associations/a.yaml': says('one'),
  });
  assert.deepEqual(codesOf(catalog), ['schema-version documents/Say.yaml:1']);
  assert.deepEqual(
    [...definitionsOf(catalog).values()].map(({ digests }) => digests),
    [...definitionsOf(first).values()].map(({ digests }) => digests),
  );
  assert.equal(
    catalog.invalidAssociations.get(associationName('one')),
    'documents/Say.yaml is not valid',
  );
});

test('an edit of a document that breaks an association in force is held back', () => {
  const revise = history();
  revise({
    'documents/Say.yaml': SAY,
    'associations/a.yaml': says('one'),
    'associations/b.yaml': says('two'),
  });
  const catalog = revise({
    'documents/Say.yaml': SAY_WORD,
    'associations/a.yaml': saysWord('one'),
    'associations/b.yaml': says('two'),
  });
  assert.deepEqual(codesOf(catalog), [
    'held-back associations/a.yaml:1',
    'parameter-missing associations/b.yaml:3',
    'parameter-undeclared associations/b.yaml:3',
    'held-back documents/Say.yaml:1',
  ]);
  assert.deepEqual(namesOf(catalog), ['one', 'two']);
  assert.equal(textOf(catalog, 'one'), 'hello');
  const repaired = revise({
    'documents/Say.yaml': SAY_WORD,
    'associations/a.yaml': saysWord('one'),
    'associations/b.yaml': saysWord('two'),
  });
  assert.deepEqual(repaired.problems, []);
});

test('a newcomer that is wrong holds nobody back', () => {
  const revise = history();
  revise({ 'documents/Say.yaml': SAY, 'associations/a.yaml': says('one') });
  const catalog = revise({
    'documents/Say.yaml': SAY_WORD,
    'associations/a.yaml': saysWord('one'),
    'associations/new.yaml': says('new'),
  });
  assert.deepEqual(namesOf(catalog), ['one']);
  assert.deepEqual([...catalog.invalid.keys()], ['associations/new.yaml']);
  assert.ok(catalog.documents.get('Say')?.default.document.parameters.has('word'));
});

test('a name given twice: the one that was in force stays, the newcomer does not enter', () => {
  const revise = history();
  revise({ 'documents/Say.yaml': SAY, 'associations/m.yaml': says('one') });
  const catalog = revise({
    'documents/Say.yaml': SAY,
    'associations/a.yaml': says('one').replace('hello', 'newcomer'),
    'associations/m.yaml': says('one'),
  });
  assert.deepEqual(codesOf(catalog), [
    'duplicate-association associations/a.yaml:1',
    'duplicate-association associations/m.yaml:1',
  ]);
  assert.equal(textOf(catalog, 'one'), 'hello');
  assert.ok(catalog.invalidAssociations.has(associationName('one')));
});

test('a file moved and broken in one commit stays in force from where it was', () => {
  const revise = history();
  revise({ 'documents/Say.yaml': SAY, 'associations/old.yaml': says('one') });
  const catalog = revise({
    'documents/Say.yaml': SAY,
    'associations/new.yaml': `${says('one')}  : [`,
  });
  assert.deepEqual(namesOf(catalog), ['one']);
  const unknown = revise({
    'documents/Say.yaml': SAY,
    'associations/new.yaml': says('one').replace('Name: Say', 'Name: Sya'),
  });
  assert.deepEqual(namesOf(unknown), ['one']);
  const moved = revise({ 'documents/Say.yaml': SAY, 'associations/new.yaml': says('one') });
  assert.deepEqual([...moved.files.keys()], ['associations/new.yaml', 'documents/Say.yaml']);
});

test('a group removed while referenced stays, and so does a parameter', () => {
  const group = 'Name: web\nTargets: [{ Key: "tag:role", Values: [web] }]\n';
  const parameter = 'Name: /a/b\nValue: hello\n';
  const targeting = says('one').replace(
    'Key: InstanceIds, Values: ["*"]',
    'Key: "resource-groups:Name", Values: [web]',
  );
  const referring = says('two').replace('[hello]', '["{{ssm:/a/b}}"]');
  const all = {
    'documents/Say.yaml': SAY,
    'associations/a.yaml': targeting,
    'associations/b.yaml': referring,
  };
  const revise = history();
  assert.deepEqual(
    revise({ ...all, 'groups/g.yaml': group, 'parameters/p.yaml': parameter }).problems,
    [],
  );
  const catalog = revise(all);
  assert.deepEqual(codesOf(catalog), [
    'unknown-group associations/a.yaml:4',
    'unknown-parameter associations/b.yaml:3',
    'removed-but-needed groups/g.yaml:1',
    'removed-but-needed parameters/p.yaml:1',
  ]);
  assert.deepEqual(namesOf(catalog), ['one', 'two']);
});

test('settings that make schedules in force wrong are held back', () => {
  const revise = history();
  const files = {
    'documents/Say.yaml': SAY,
    'associations/a.yaml': says('one', 'ScheduleExpression: rate(5 minutes)\n'),
  };
  revise({ ...files, 'reconciled.yaml': 'strict: off\n' });
  const catalog = revise({ ...files, 'reconciled.yaml': 'strict: aws\n' });
  assert.equal(catalog.settings.strict, 'off');
  assert.deepEqual(namesOf(catalog), ['one']);
});

test('an association whose new document is broken waits without a problem of its own', () => {
  const { catalog } = load(
    repository({ 'documents/Say.yaml': 'schemaVersion: "9"', 'associations/a.yaml': says('one') }),
  );
  assert.deepEqual(codesOf(catalog), ['schema-version documents/Say.yaml:1']);
  assert.deepEqual(namesOf(catalog), []);
});
