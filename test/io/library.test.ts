import assert from 'node:assert/strict';
import { test } from 'node:test';
import { definitionsOf } from '../../src/core/load/effective.ts';
import { readLibrary } from '../../src/io/library.ts';
import { codesOf, load, repository, SAY } from '../core/load/repository.ts';

const library = await readLibrary();
const association = `AssociationName: uptime
Name: AWS-RunShellScript
Parameters: { commands: [uptime], executionTimeout: ["60"] }
Targets: [{ Key: InstanceIds, Values: ["*"] }]
`;

test('the preconfigured documents are read, and an association can use one', () => {
  assert.ok(library.has('AWS-RunShellScript'));
  const { catalog } = load(repository({ 'associations/a.yaml': association }), { library });
  assert.deepEqual(catalog.problems, []);
  const [definition] = definitionsOf(catalog).values();
  assert.equal(definition?.timeoutBudgetMs, 60_000);
  assert.equal(definition.document.origin, 'library');
});

test('a repository shadows a preconfigured document by name', () => {
  const files = repository({
    'associations/a.yaml': association,
    'documents/AWS-RunShellScript.yaml': SAY,
  });
  const { catalog } = load(files, { library });
  assert.deepEqual(codesOf(catalog), [
    'parameter-missing associations/a.yaml:3',
    'parameter-undeclared associations/a.yaml:3',
    'parameter-undeclared associations/a.yaml:3',
  ]);
});
