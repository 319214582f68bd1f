import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nodePath } from '../../../src/core/report/paths.ts';
import { readSummary } from '../../../src/core/report/read-summary.ts';
import { reportFiles } from '../../../src/core/report/report-files.ts';
import { statusText } from '../../../src/core/report/text.ts';
import type { Record } from '../../../src/core/world/records.ts';
import {
  aCatalog,
  aDefinition,
  aName,
  aNodeId,
  assigned,
  connected,
  executionOf,
  finished,
  foundation,
  inForce,
  minutesAfter,
  noon,
  registered,
} from '../../fakes/builders.ts';
import { histories } from '../../fakes/histories.ts';
import { runs } from '../../fakes/runs.ts';
import { everything, rendered, viewOf } from './views.ts';

const execution = executionOf('web-motd', [1, 2]);
const fleet: readonly Record[] = [
  ...foundation,
  registered(1),
  registered(2),
  connected(1),
  connected(2),
  inForce('web-motd'),
  inForce('sysctl'),
  assigned('web-motd', [1, 2]),
  assigned('sysctl', [1]),
  execution,
  finished(execution, 1),
  finished(execution, 2),
];

/** Paths whose text differs between two histories. */
function changedPaths(before: readonly Record[], after: readonly Record[]): readonly string[] {
  const [a, b] = [rendered(viewOf(before)), rendered(viewOf(after))];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .sort();
}

test('the same view renders the same bytes, each file ending with one newline', () => {
  fc.assert(
    fc.property(histories, (records) => {
      const files = rendered(viewOf(records));
      assert.deepEqual(rendered(viewOf(records)), files);
      for (const [path, text] of files) assert.match(text, /[^\n]\n$/, path);
    }),
    { numRuns: runs(50) },
  );
});

test('fields without their whole effect here stand where the association is read', () => {
  const association = { notEffective: ['OutputLocation', 'TargetLocations'] };
  const definitions = new Map([[aName('web-motd'), aDefinition('web-motd', { association })]]);
  const files = rendered(viewOf(fleet, { facts: { definitions } }));
  assert.match(
    files.get('associations/web-motd/README.md') ?? '',
    /Without \(whole\) effect here\*\* `OutputLocation`, `TargetLocations`/,
  );
  const status = JSON.parse(files.get('associations/web-motd/status.json') ?? '') as unknown;
  assert.deepEqual(
    (status as { readonly NotEffective?: unknown }).NotEffective,
    association.notEffective,
  );
});

const again = executionOf('web-motd', [1, 2], {
  occasion: 'slot:2027-01-31T12:30:00Z',
  at: minutesAfter(noon, 30),
});
const cases: readonly { name: string; records: readonly Record[]; want: readonly string[] }[] = [
  { name: 'a heartbeat', records: [connected(1, {}, minutesAfter(noon, 1))], want: [] },
  {
    name: 'a reconnect after a reboot',
    records: [
      { kind: 'disconnected', node: aNodeId(1), at: minutesAfter(noon, 1) },
      connected(1, { bootId: 'boot-2' }, minutesAfter(noon, 1)),
    ],
    want: [],
  },
  {
    name: 'one association failing on one node',
    records: [again, finished(again, 1), finished(again, 2, { status: 'Failed' })],
    want: [
      'README.md',
      'associations/web-motd/README.md',
      'associations/web-motd/status.json',
      nodePath(aNodeId(2)),
      'state.json',
      'summary.json',
    ],
  },
];

for (const { name, records, want } of cases) {
  test(`a status branch after ${name}: ${want.length === 0 ? 'nothing changes' : 'only that changes'}`, () => {
    assert.deepEqual(changedPaths(fleet, [...fleet, ...records]), want);
  });
}

test('a success repeated at the next slot changes no file of a node', () => {
  const after = [...fleet, again, finished(again, 1), finished(again, 2)];
  const changed = changedPaths(fleet, after);
  assert.deepEqual(
    changed.filter((path) => path.startsWith('nodes/')),
    [],
  );
  assert.ok(!changed.includes('README.md'));
});

test('only what is dirty is rendered, and what is gone is removed', () => {
  const view = viewOf([...fleet, { kind: 'association-removed', name: aName('sysctl') }]);
  const files = reportFiles(view, {
    ...everything,
    all: false,
    nodes: [aNodeId(1), aNodeId(99)],
    associations: [aName('sysctl')],
  });
  assert.deepEqual(
    [...files].map(([path, text]) => [path, text === null]),
    [
      [nodePath(aNodeId(1)), false],
      [nodePath(aNodeId(99)), true],
      ['associations/sysctl/status.json', true],
      ['associations/sysctl/README.md', true],
      ['summary.json', false],
      ['README.md', false],
      ['state.json', false],
    ],
  );
});

test('a node with twenty associations fits into seven kilobytes', () => {
  const names = Array.from({ length: 20 }, (_, at) => `web-config-${at}`);
  const records = names.flatMap((name): Record[] => {
    const run = executionOf(name, [1]);
    return [inForce(name), assigned(name, [1]), run, finished(run, 1)];
  });
  const files = rendered(viewOf([...foundation, registered(1), connected(1), ...records]));
  const text = files.get(nodePath(aNodeId(1))) ?? '';
  assert.ok(Buffer.byteLength(text) < 7 * 1024, `${Buffer.byteLength(text)} bytes`);
  assert.equal(text.split('\n').filter((line) => line.includes('"AssociationName"')).length, 20);
});

test('a page says what it does, that its file is invalid, and where it fails', () => {
  const failing = finished(again, 2, { status: 'Failed', outputTail: 'no space left on device' });
  const files = rendered(
    viewOf([...fleet, again, finished(again, 1), failing], {
      facts: {
        definitions: new Map([
          [aName('web-motd'), aDefinition('web-motd', { description: 'Keeps the motd.' })],
        ]),
      },
      view: {
        catalog: aCatalog({
          invalidAssociations: new Map([[aName('web-motd'), 'the file itself']]),
          invalid: new Map([['associations/web-motd.yaml', { lastGood: null }]]),
        }),
      },
    }),
  );
  const page = files.get('associations/web-motd/README.md') ?? '';
  for (const words of [
    '> Keeps the motd.',
    '**Invalid.**',
    aNodeId(2),
    'no space left on device',
    '## 1 failing node',
  ]) {
    assert.ok(page.includes(words), words);
  }
  assert.match(files.get('README.md') ?? '', /^# ❌ 1 of 2 nodes is failing\n/);
  assert.match(files.get('README.md') ?? '', /1 invalid file/);
});

test('a source that is not read stands on the page from when it was missed, and nowhere else', () => {
  const since = minutesAfter(noon, 3);
  const unread: Record = { kind: 'source-unread', code: 'SOURCE_AUTH', since };
  assert.deepEqual(changedPaths(fleet, [...fleet, unread]), ['README.md', 'summary.json']);
  const files = rendered(viewOf([...fleet, unread]));
  assert.match(
    files.get('README.md') ?? '',
    /The source has not been read\*\* since `\S+:03:00Z` \(`SOURCE_AUTH`\)/,
  );
  const summary = readSummary(files.get('summary.json') ?? '');
  assert.equal(summary?.unread?.code, 'SOURCE_AUTH');
  assert.match(statusText(summary), /has not been read since \S+:03:00Z \(SOURCE_AUTH\)/);
  assert.deepEqual(changedPaths(fleet, [...fleet, unread, { kind: 'source-read' }]), []);
});
