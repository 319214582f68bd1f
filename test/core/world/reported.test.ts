/** Whatever changes how things stand marks the files that say so: the branch is never older than its interval. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { sha256Hex } from '../../../src/core/canonical/digest.ts';
import { nodePath } from '../../../src/core/report/paths.ts';
import { MINUTE, named, node, revision, TestFleet } from '../../fakes/fleet.ts';
import { Reported } from '../../fakes/reported.ts';

function setUp() {
  const fleet = new TestFleet();
  const reported = new Reported();
  return {
    fleet,
    report: () => reported.write(fleet.world, fleet.now),
    nodeFile: (n: number) => reported.files.get(nodePath(node(n))) ?? '',
    status: (name: string) => reported.files.get(`associations/${name}/status.json`) ?? '',
  };
}

test('a node that comes back is silent no more, although nothing runs on it', () => {
  const { fleet, report, nodeFile, status } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  fleet.happen({ kind: 'disconnected', node: node(1) });
  report();
  fleet.after(61 * MINUTE);
  report();
  assert.match(nodeFile(1), /"Silent"/);
  assert.match(status('motd'), /"SilentCount": 1/);
  fleet.connect(1);
  report();
  assert.doesNotMatch(nodeFile(1), /"Silent"/);
  assert.match(status('motd'), /"SilentCount": 0/);
});

test('a node that registered and never came is silent after an hour, whatever the clock does', () => {
  const { fleet, report, nodeFile } = setUp();
  const activation = {
    id: 'a',
    codeHash: sha256Hex('code'),
    registrationLimit: 1,
    expiresAt: null,
    defaultName: null,
    tags: {},
    file: 'activations/a.yaml',
  };
  const plain = revision(1, { motd: {} });
  fleet.accept({
    ...plain,
    catalog: { ...plain.catalog, activations: new Map([['a', activation]]) },
  });
  const applicant = { node: node(9), publicKey: 'key-9', hostname: 'nine' };
  fleet.happen({
    kind: 'applied',
    id: 'x',
    applicant: { ...applicant, activation: { id: 'a', code: 'code' } },
  });
  report();
  for (const [minutes, silent] of [
    [59, false],
    [2, true],
    [-10, false],
    [11, true],
  ] as const) {
    fleet.after(minutes * MINUTE);
    report();
    assert.equal(nodeFile(9).includes('"Silent"'), silent, `after ${minutes} min more`);
  }
});

test('what waits says so while everything is paused, and no longer than that', () => {
  const { fleet, report, nodeFile, status } = setUp();
  fleet.accept(revision(1, { motd: {} }));
  report();
  assert.match(nodeFile(1), /"Reason":"offline"/);
  fleet.happen({ kind: 'operator', id: 'p', by: 'root', request: { kind: 'pause' } });
  report();
  assert.match(nodeFile(1), /"Reason":"paused"/);
  assert.match(status('motd'), /"paused": 3/);
  const request = { kind: 'resume', association: null } as const;
  fleet.happen({ kind: 'operator', id: 'r', by: 'root', request });
  report();
  assert.match(nodeFile(1), /"Reason":"offline"/);
});

test('a broken file makes its association Invalid, and mending it Valid, while nothing else changes', () => {
  const { fleet, report, status } = setUp();
  const specs = { motd: {}, hosts: {} };
  fleet.accept(revision(1, specs));
  report();
  const broken = revision(2, specs);
  const invalidAssociations = new Map([[named('motd'), 'associations/motd.yaml']]);
  fleet.accept({ ...broken, catalog: { ...broken.catalog, invalidAssociations } });
  report();
  assert.match(status('motd'), /"Validity": "Invalid"/);
  assert.match(status('hosts'), /"Validity": "Valid"/);
  fleet.accept(revision(3, specs));
  report();
  assert.match(status('motd'), /"Validity": "Valid"/);
});

test('a node that says it runs what we know nothing of waits as busy, and no longer than that', () => {
  const { fleet, report, nodeFile } = setUp();
  const only = { targets: [{ kind: 'ids' as const, ids: [node(2)] }] };
  fleet.accept(revision(1, { hosts: only, motd: { maxConcurrency: '1' } })).connect(2);
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined);
  fleet.connect(1);
  fleet.start(job).finish(job);
  report();
  assert.match(nodeFile(2), /"Reason":"concurrency"/);
  fleet.happen({ kind: 'busy', node: node(2), run: job.run, with: job.run });
  report();
  assert.match(nodeFile(2), /"Reason":"busy"/);
  fleet.finish(job);
  report();
  assert.match(nodeFile(2), /"Reason":"concurrency"/);
});
