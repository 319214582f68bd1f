import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/core/world/apply.ts';
import type { Event } from '../../src/core/world/events.ts';
import { World } from '../../src/core/world/world.ts';
import { createInbox } from '../../src/reconcile/inbox.ts';
import type { StatusPort, StatusTip } from '../../src/reconcile/ports.ts';
import { createRecovery } from '../../src/reconcile/recover.ts';
import { rendered, verify, viewOf } from '../core/report/views.ts';
import { aCommit, foundation, minutesAfter, noon, registered } from '../fakes/builders.ts';

const signed = rendered(viewOf([...foundation, registered(1)]));
const [nodeFile = ''] = [...signed.keys()].filter((path) => path.startsWith('nodes/'));
const instance = String(JSON.parse(signed.get('state.json') ?? '{}').instance);
const ours = { instance, seq: 7 };
const nobodys = { instance: null, seq: null };

type Named = Pick<StatusTip, 'instance' | 'seq'>;
type Branch = { readonly named: Named; readonly files: ReadonlyMap<string, string> } | null;

const branch = (
  named: Named,
  changes: Readonly<{ [path: string]: string | null }> = {},
): Branch => {
  const files = new Map(signed);
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) files.delete(path);
    else files.set(path, text);
  }
  return { named, files };
};

/** What an empty state directory makes of a branch: how many nodes in which epoch, nothing, or why it waits. */
async function outcome(of: Branch, name = instance): Promise<unknown> {
  const tip: StatusTip | null = of && {
    commit: aCommit(9),
    ...of.named,
    read: (path) => Promise.resolve(Buffer.from(of.files.get(path) ?? '')),
    list: () => Promise.resolve([...of.files.keys()]),
  };
  const status = { tip: () => Promise.resolve(tip) } as unknown as StatusPort;
  const clock = { now: () => minutesAfter(noon, 2) } as Parameters<
    typeof createRecovery
  >[2]['clock'];
  const world = new World();
  const recovered: string[] = [];
  const inbox = createInbox(() => undefined);
  const push = (event: Event) => {
    assert(event.kind === 'recovered');
    for (const record of event.records) apply(world.state, record);
    return Promise.resolve();
  };
  const recovery = createRecovery(
    world,
    { ...inbox, push },
    { status, clock },
    {
      instance: name,
      daemonKey: 'key',
      verify,
      onRecovered: (found) => {
        const { epoch, branchEpoch } = world.state.instance ?? {};
        recovered.push(`${found.nodes} in ${epoch} above ${branchEpoch}`);
      },
    },
  );
  try {
    await recovery.beforeFirst(AbortSignal.timeout(1_000));
    return recovered[0] ?? 'a beginning';
  } catch (error) {
    return `${(error as { code: string }).code} ${(error as Error).message}`;
  }
}

test('recovery: no branch, and one that never held a status, are beginnings', async () => {
  assert.equal(await outcome(null), 'a beginning');
  assert.equal(await outcome({ named: nobodys, files: new Map() }), 'a beginning');
  const handMade = new Map([
    ['README.md', 'status of the fleet'],
    ['nodes/web.yaml', 'node files of a source branch'],
  ]);
  assert.equal(await outcome({ named: nobodys, files: handMade }), 'a beginning');
});

test('recovery: an edited page changes nothing of what is signed', async () => {
  assert.equal(await outcome(branch(ours)), '1 in 2 above 1');
  assert.equal(await outcome(branch(ours, { 'README.md': 'all is well' })), '1 in 2 above 1');
});

test('recovery: a status that cannot be believed waits for a decision, never is a beginning', async () => {
  const cases: readonly [string, Branch, RegExp][] = [
    ['nobody is named', branch(nobodys), /names an instance/],
    ['nodes alone', branch(nobodys, { 'state.json': null }), /names an instance/],
    ['state alone', branch(nobodys, { [nodeFile]: null }), /names an instance/],
    [
      'another instance',
      branch({ instance: 'staging', seq: 3 }),
      /belongs to the instance "staging"; give this daemon \(prod\) a branch of its own/,
    ],
    ['state removed', branch(ours, { 'state.json': null }), /no state\.json/],
    ['everything removed', { named: ours, files: new Map() }, /no state\.json/],
    ['a node removed', branch(ours, { [nodeFile]: null }), /not those the daemon signed/],
    ['state edited', branch(ours, { 'state.json': '{}' }), /restore it/],
  ];
  for (const [name, of, why] of cases) {
    const told = String(await outcome(of));
    assert.match(told, /^RECOVERY_REFUSED /, name);
    assert.match(told, why, name);
  }
  const replayed = await outcome(branch({ instance: 'other', seq: 7 }), 'other');
  assert.match(String(replayed), /^RECOVERY_REFUSED .*its state is that of/);
});
