import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AssociationName, NodeId } from '../../../src/core/model/brand.ts';
import { executionId } from '../../../src/core/model/brand.ts';
import type { State } from '../../../src/core/model/state.ts';
import { readFleet, readStatus } from '../../../src/core/report/read.ts';
import { signState } from '../../../src/core/report/state-file.ts';
import type { Record } from '../../../src/core/world/records.ts';
import {
  aCommit,
  aName,
  aNodeId,
  assigned,
  executionOf,
  finished,
  foundation,
  inForce,
  minutesAfter,
  noon,
  registered,
  started,
  stateOf,
} from '../../fakes/builders.ts';
import { histories } from '../../fakes/histories.ts';
import { runs } from '../../fakes/runs.ts';
import { rendered, sign, textsOf, verify, viewOf, viewOfState } from './views.ts';

const options = { verify, now: minutesAfter(noon, 2), tip: { commit: aCommit(9), seq: 7 } };

function recovered(files: ReadonlyMap<string, string>): State {
  const read = readStatus(textsOf(files), options);
  assert.ok(read.ok, read.ok ? '' : read.error.message);
  assert.deepEqual(read.value.problems, []);
  return stateOf(read.value.records);
}

test('readStatus: a lost state directory comes back with everything that matters', () => {
  fc.assert(
    fc.property(histories, (records) => {
      const { state } = viewOf(records);
      const again = recovered(rendered(viewOfState(state)));
      assert.deepEqual(again.instance, state.instance);
      assert.deepEqual(again.accepted, state.accepted);
      assert.deepEqual(again.registrations, state.registrations);
      assert.deepEqual(again.published?.seq, 7);
      for (const [name, association] of state.associations) {
        const { open: _, inFlight: __, ...durable } = association;
        const { open: ___, inFlight: ____, ...back } = again.associations.get(name) ?? association;
        assert.deepEqual(back, durable);
      }
      for (const [id, node] of state.nodes) {
        for (const [name, assignment] of node.assignments) {
          const back = again.nodes.get(id)?.assignments.get(name);
          assert.equal(back?.last?.outcome.status, assignment.last?.outcome.status);
          assert.equal(back?.last?.generation, assignment.last?.generation);
          assert.equal(owedRun(again, id, name), owedRun(state, id, name), 'the same run is owed');
        }
      }
    }),
    { numRuns: runs(150) },
  );
});

function owedRun(state: State, node: NodeId, name: AssociationName): unknown {
  const assignment = state.nodes.get(node)?.assignments.get(name);
  const execution = assignment?.execution ?? null;
  if (execution === null) return null;
  const open = state.executions.get(execution);
  return open?.closed === null ? open.runs.get(node)?.run : null;
}

test('readStatus: a run that ended for a state that was lost, and whose occasion nobody knows, keeps its id', () => {
  const motd = executionOf('motd', [1]);
  const late = finished({ ...motd, id: executionId('u'.repeat(26)) }, 1);
  const { state } = viewOf([
    ...foundation,
    registered(1),
    inForce('motd'),
    assigned('motd', [1]),
    late,
  ]);
  const again = recovered(rendered(viewOfState(state)));
  const last = again.nodes.get(aNodeId(1))?.assignments.get(aName('motd'))?.last;
  assert.equal(last?.outcome.run, motd.runs[0]?.run);
});

test('readStatus: failures that an operator has forgiven stay so', () => {
  const motd = executionOf('motd', [1, 2]);
  const { id: execution } = motd;
  const { state } = viewOf([
    ...foundation,
    registered(1),
    registered(2),
    inForce('motd'),
    assigned('motd', [1, 2]),
    motd,
    started(motd, 1),
    finished(motd, 1, { status: 'Failed' }),
    { kind: 'stopped', execution, failures: 1, at: noon },
    { kind: 'unstopped', execution, by: 'me' },
  ]);
  const again = recovered(rendered(viewOfState(state))).executions.get(execution);
  assert.deepEqual([again?.failures, again?.forgiven, again?.stopped], [1, 1, null]);
});

test('readStatus: of failures that are forgiven, others that came since are none', () => {
  const motd = executionOf('motd', [1, 2, 3]);
  const { id: execution } = motd;
  const { state } = viewOf([
    ...foundation,
    ...[1, 2, 3].map((n) => registered(n)),
    inForce('motd'),
    assigned('motd', [1, 2, 3]),
    motd,
    finished(motd, 2, { status: 'Failed' }),
    { kind: 'stopped', execution, failures: 1, at: noon },
    finished(motd, 1, { status: 'Failed', finishedAt: minutesAfter(noon, 5) }),
  ]);
  const again = recovered(rendered(viewOfState(state))).executions.get(execution);
  assert.deepEqual([again?.failures, again?.forgiven], [2, 1]);
  const forgiven = [...(again?.runs.values() ?? [])].filter((run) => run.forgiven === true);
  assert.deepEqual(
    forgiven.map(({ node }) => node),
    [aNodeId(2)],
  );
});

/** The branch as it was, but for this of its state.json. */
function withState(files: ReadonlyMap<string, string>, change: (text: string) => string) {
  const { signature: _, ...body } = JSON.parse(change(files.get('state.json') ?? '')) as {
    readonly [key: string]: unknown;
  };
  return new Map(files).set('state.json', signState(body, sign));
}

const motdInRings: Record = {
  ...(inForce('motd') as Record & { kind: 'association' }),
  rollout: { ring: 0, passedAt: null, halted: null, forgiven: [aNodeId(1), aNodeId(2)] },
};
const rolled = (records: readonly Record[] = [motdInRings]) =>
  rendered(viewOf([...foundation, registered(1), registered(2), ...records]));

test('readStatus: nodes that a resume of a rollout has forgiven', () => {
  const { rollout } = recovered(rolled()).associations.get(aName('motd')) ?? {};
  assert.deepEqual(rollout?.forgiven, [aNodeId(1), aNodeId(2)]);
});

test('readStatus: a program of before wrote how many of each ring are forgiven', () => {
  const files = withState(rolled(), (text) =>
    text.replace('"forgiven":[]', '"forgiven":[2,0]').replace(/,"forgivenNodes":\[[^\]]*\]/, ''),
  );
  const { rollout } = recovered(files).associations.get(aName('motd')) ?? {};
  assert.deepEqual([rollout?.forgiven, rollout?.unnamed], [[], [2, 0]]);
  assert.equal(rendered(viewOfState(recovered(files))).get('state.json'), files.get('state.json'));
});

test('readStatus: nodes that are none make the state malformed', () => {
  const files = withState(rolled(), (text) => text.replace(/"forgivenNodes":\[/, '$&7,'));
  const read = readStatus(textsOf(files), options);
  assert.equal(read.ok ? 'accepted' : read.error.code, 'STATE_MALFORMED');
});

test('readStatus: for a program of before nothing counted that had led to a stop', () => {
  const motd = executionOf('motd', [1, 2]);
  const { id: execution } = motd;
  const files = rolled([
    inForce('motd'),
    assigned('motd', [1, 2]),
    motd,
    finished(motd, 1, { status: 'Failed' }),
    { kind: 'stopped', execution, failures: 1, at: noon },
  ]);
  const before = withState(files, (text) => text.replace(/"forgiven":1,/, ''));
  assert.notEqual(before.get('state.json'), files.get('state.json'));
  const again = recovered(before).executions.get(execution);
  assert.deepEqual([again?.failures, again?.forgiven, again?.stopped?.failures], [1, 1, 1]);
});

test('readStatus: what is rendered after a recovery differs only where a run was out', () => {
  fc.assert(
    fc.property(histories, (records) => {
      const { state } = viewOf(records);
      const before = rendered(viewOfState(state));
      const after = rendered(viewOfState(recovered(before)));
      for (const [path, text] of before) {
        if (!path.startsWith('nodes/') || /InProgress/.test(text)) continue;
        assert.equal(after.get(path), text, path);
      }
    }),
    { numRuns: runs(150) },
  );
});

test('readStatus: an edited, unsigned, newer or absent state.json is refused', () => {
  const files = rendered(viewOf([...foundation, registered(1)]));
  const state = files.get('state.json') ?? '';
  const cases: readonly [string, string | null, string][] = [
    ['absent', null, 'STATE_MISSING'],
    ['no JSON', '{', 'STATE_MALFORMED'],
    ['a list', '[]', 'STATE_MALFORMED'],
    ['edited', state.replace('"epoch": 1', '"epoch": 2'), 'STATE_EDITED'],
    ['signature gone', state.replace('"signature"', '"signatur"'), 'STATE_UNSIGNED'],
    ['newer', state.replace('"formatVersion": 1', '"formatVersion": 2'), 'STATE_NEWER'],
    [
      'nested without end',
      `{"signature":"x","a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      'STATE_EDITED',
    ],
  ];
  for (const [name, text, code] of cases) {
    const edited = new Map(files);
    if (text === null) edited.delete('state.json');
    else edited.set('state.json', text);
    const read = readStatus(textsOf(edited), options);
    assert.equal(read.ok ? 'accepted' : read.error.code, code, name);
  }
});

test('readStatus: a node that somebody added, removed or re-keyed is refused', () => {
  const files = rendered(viewOf([...foundation, registered(1), registered(2)]));
  const path = [...files.keys()].find((each) => each.includes(aNodeId(1))) ?? '';
  const other = rendered(viewOf([...foundation, registered(3)]));
  const added = new Map([...other, ...files]);
  const removed = new Map([...files].filter(([each]) => each !== path));
  const rekeyed = new Map(files).set(
    path,
    (files.get(path) ?? '').replace(/ed25519:\w+/, 'ed25519:AAAA'),
  );
  for (const edited of [added, removed, rekeyed]) {
    const read = readStatus(textsOf(edited), options);
    assert.equal(read.ok ? 'accepted' : read.error.code, 'STATE_EDITED');
  }
});

test('readFleet and readStatus: no text at all makes them throw', () => {
  const files = rendered(viewOf([...foundation, registered(1)]));
  fc.assert(
    fc.property(fc.constantFrom(...files.keys()), fc.nat(), fc.string(), (path, at, noise) => {
      const text = files.get(path) ?? '';
      const cut = at % (text.length + 1);
      const edited = new Map(files).set(path, text.slice(0, cut) + noise + text.slice(cut + 3));
      readFleet(textsOf(edited));
      readStatus(textsOf(edited), options);
    }),
    { numRuns: runs(300) },
  );
  fc.assert(
    fc.property(fc.json(), (json) => {
      const body = JSON.stringify({ signature: sign('x'), associations: json });
      for (const path of files.keys()) {
        for (const text of [json, body]) {
          readFleet(textsOf(new Map(files).set(path, text)));
          readStatus(textsOf(new Map(files).set(path, text)), { ...options, verify: () => true });
        }
      }
    }),
    { numRuns: runs(200) },
  );
});
