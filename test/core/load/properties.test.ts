import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from '../../../src/core/canonical/json.ts';
import { definitionsOf } from '../../../src/core/load/effective.ts';
import { unreadBlobs } from '../../../src/core/load/load.ts';
import type { Catalog } from '../../../src/core/model/catalog.ts';
import { runs } from '../../fakes/runs.ts';
import { history, load, repository, SAY, says } from './repository.ts';

const CHOICES: { readonly [path: string]: readonly (string | null)[] } = {
  'documents/Say.yaml': [SAY, SAY.replaceAll('text', 'word'), 'schemaVersion: [', null],
  'associations/a.yaml': [
    says('one'),
    says('one', 'MaxErrors: "1"\n'),
    says('two'),
    says('one', 'Nonsense: 1\n'),
    null,
  ],
  'associations/b.yaml': [
    says('two'),
    says('three').replace('text:', 'word:'),
    `${says('one')}---\n${says('four')}`,
    ': [',
    null,
  ],
  'groups/g.yaml': ['Name: web\nTargets: [{ Key: "tag-key", Values: [role] }]\n', 'Name: [', null],
  'associations/c.yaml': [
    says('five').replace('InstanceIds, Values: ["*"]', '"resource-groups:Name", Values: [web]'),
    null,
  ],
  'reconciled.yaml': ['strict: off\n', 'strict: aws\n', 'strict: maybe\n', null],
};
const revision = fc
  .record(
    Object.fromEntries(
      Object.entries(CHOICES).map(([path, texts]) => [path, fc.constantFrom(...texts)]),
    ),
  )
  .map((choice) =>
    Object.fromEntries(
      Object.entries(choice).filter((entry): entry is [string, string] => entry[1] !== null),
    ),
  );

const plain = (value: unknown): unknown => {
  if (value instanceof Map) return [...value].map(([key, inner]) => [plain(key), plain(inner)]);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([key, inner]) => [key, plain(inner)]),
    );
  return value;
};
const text = (catalog: Catalog) => canonicalJson(plain(catalog));

test('the order of files does not matter', () => {
  fc.assert(
    fc.property(
      revision.chain((contents) =>
        fc.tuple(
          fc.constant(repository(contents)),
          fc.shuffledSubarray(repository(contents).slice(), {
            minLength: Object.keys(contents).length,
          }),
        ),
      ),
      ([files, shuffled]) => {
        assert.equal(text(load(files).catalog), text(load(shuffled).catalog));
      },
    ),
  );
});

test('a second load with the cache is the same, and reads nothing', () => {
  fc.assert(
    fc.property(revision, (contents) => {
      const files = repository(contents);
      const first = load(files);
      assert.deepEqual(unreadBlobs(files, new Map(), first.cache), []);
      const again = load(
        files.map((file) => ({ ...file, bytes: null })),
        { cache: first.cache },
      );
      assert.equal(text(again.catalog), text(first.catalog));
    }),
  );
});

test('what is in force can run, loading it again changes nothing, and a file is in force or named invalid', () => {
  fc.assert(
    fc.property(fc.array(revision, { minLength: 1, maxLength: 5 }), (revisions) => {
      const revise = history();
      for (const contents of revisions) {
        const catalog = revise(contents);
        assert.equal(definitionsOf(catalog).size, catalog.associations.size);
        for (const path of Object.keys(contents))
          assert.ok(catalog.files.has(path) || catalog.invalid.has(path), path);
        const again = revise(contents);
        assert.deepEqual([...again.files], [...catalog.files]);
        assert.deepEqual([...again.associations.keys()], [...catalog.associations.keys()]);
      }
    }),
    { numRuns: runs(100) },
  );
});

test('breaking files leaves what was in force as it was', () => {
  fc.assert(
    fc.property(revision, fc.infiniteStream(fc.boolean()), (contents, coin) => {
      const revise = history();
      const before = revise(contents);
      const broken = Object.fromEntries(
        Object.entries(contents).map(([path, good]) => [
          path,
          coin.next().value === true ? 'x: [' : good,
        ]),
      );
      const after = revise(broken);
      for (const [name, { digests }] of definitionsOf(before))
        assert.deepEqual(definitionsOf(after).get(name)?.digests, digests);
    }),
    { numRuns: runs(100) },
  );
});
