import assert from 'node:assert/strict';
import test from 'node:test';
import { sha256Hex } from '../../src/core/canonical/digest.ts';
import { commitId } from '../../src/core/model/brand.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';
import { readStatus } from '../../src/core/report/read.ts';
import { createInbox } from '../../src/reconcile/inbox.ts';
import type { PublishOutcome, PublishRequest, StatusPort } from '../../src/reconcile/ports.ts';
import { createPublisher } from '../../src/reconcile/publish.ts';
import { epochOn } from '../../src/reconcile/recover.ts';
import { MINUTE, node, revision, TestFleet } from '../fakes/fleet.ts';

const DAY = 24 * 60 * MINUTE;

/** A status branch in memory that can be told to fail, and remembers every commit. */
function fakeStatus() {
  const files = new Map<string, string>();
  const commits: PublishRequest[] = [];
  let next: (() => PublishOutcome) | null = null;
  let meanwhile: () => void = () => undefined;
  let gone = false;
  let broken = false;
  let mute = false;
  const port: StatusPort = {
    tip: () => {
      if (broken) {
        broken = false;
        return Promise.reject(
          new ReconcileError('STATUS_UNREACHABLE', 'no route', { retry: 'backoff' }),
        );
      }
      return Promise.resolve(
        commits.length === 0 || gone
          ? null
          : {
              commit: idOf(commits.length),
              instance: 'test',
              seq: commits.length,
              read: (path) =>
                Promise.resolve(files.has(path) ? Buffer.from(files.get(path) ?? '') : null),
              list: () => Promise.resolve([...files.keys()]),
            },
      );
    },
    publish(request) {
      const answer = next;
      next = null;
      if (answer !== null) return Promise.resolve().then(answer);
      const act = meanwhile;
      meanwhile = () => undefined;
      act();
      commits.push(request);
      gone = false;
      if (request.complete) files.clear();
      for (const [path, bytes] of request.files) {
        if (bytes === null) files.delete(path);
        else files.set(path, Buffer.from(bytes).toString());
      }
      if (mute) {
        mute = false;
        return Promise.reject(
          new ReconcileError('STATUS_UNREACHABLE', 'no answer', { retry: 'backoff' }),
        );
      }
      const commit = idOf(commits.length);
      const { seq } = request;
      return Promise.resolve({ kind: 'published', commit, seq, foreignPaths: [], rival: null });
    },
  };
  return {
    port,
    files,
    commits,
    once: (answer: () => PublishOutcome) => (next = answer),
    /** Once, while a commit is on its way. */
    meanwhile: (act: () => void) => (meanwhile = act),
    forget: () => {
      gone = true;
    },
    breakOnce: () => {
      broken = true;
    },
    /** The next commit is made, and nobody is told. */
    loseAnswer: () => {
      mute = true;
    },
  };
}

const idOf = (count: number) => commitId(String(count).padStart(40, '0'));

/** `fleet`: with what a life before has left. */
function setUp(fleet = new TestFleet()) {
  const status = fakeStatus();
  const inbox = createInbox(() => queueMicrotask(drain));
  const errors: string[] = [];
  let monotonic = 1_000_000;
  /** What each look at the clock takes: beyond a slice, the publisher lets others through at every step. */
  let tickMs = 0;
  function drain(): void {
    const { events, settle } = inbox.drain();
    fleet.happen(...events);
    settle();
  }
  const publisher = createPublisher(
    fleet.world,
    inbox,
    {
      status: status.port,
      clock: { now: () => fleet.now, monotonicMs: () => (monotonic += tickMs) },
    },
    {
      intervalMs: MINUTE,
      retentionMs: 3 * DAY,
      sign: (text) => `sig${text.length}`,
      epochOn: (tip) => epochOn(tip, { instance: 'test', verify: () => true }),
      onError: (error) => errors.push(error.code),
      onIdle: () => undefined,
      onRival: (commit) => errors.push(`rival ${commit.slice(-1)}`),
      onPublished: () => undefined,
    },
  );
  const signal = new AbortController().signal;
  const turn = async (): Promise<number | null> => {
    const at = publisher.tick(signal);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    return at;
  };
  const wait = (ms: number): void => {
    monotonic += ms;
  };
  const slow = (): void => {
    tickMs = 10;
  };
  return { fleet, status, publisher, turn, wait, errors, signal, slow };
}

test('a publish says since when it is under way, until it has ended', async () => {
  const { fleet, publisher, turn, signal } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1);
  assert.equal(publisher.underWaySinceMs, null);
  publisher.tick(signal);
  assert.equal(publisher.underWaySinceMs, 1_000_000);
  await turn();
  assert.equal(publisher.underWaySinceMs, null);
});

/** Of the epoch that an operator's `accept --recover` begins. */
const epochSeven = {
  kind: 'instance',
  name: 'test',
  epoch: 7,
  branchEpoch: 1,
  daemonKey: '',
} as const;

test('another daemon in our epoch is told of for a quarter of an hour, or until a new epoch begins', async () => {
  const { fleet, status, publisher, turn, wait, errors } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1);
  await turn();
  const meet = async (n: number) => {
    const found = { seq: 9, foreignPaths: [], rival: idOf(8) };
    status.once(() => ({ kind: 'published', commit: idOf(9), ...found }));
    fleet.connect(n);
    wait(MINUTE);
    await turn();
  };
  assert.equal(publisher.rival, null);
  await meet(2);
  assert.deepEqual([publisher.rival, errors], [idOf(8), ['rival 8']]);
  wait(15 * MINUTE - 1);
  assert.equal(publisher.rival, idOf(8));
  wait(1);
  assert.equal(publisher.rival, null);
  await meet(2);
  fleet.happen({ kind: 'recovered', records: [epochSeven] });
  assert.equal(publisher.rival, null);
});

test('another daemon that was met by a commit on its way is none of the epoch that began meanwhile', async () => {
  const { fleet, status, publisher, turn, wait, errors } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1);
  await turn();
  status.once(() => {
    fleet.happen({ kind: 'recovered', records: [epochSeven] });
    const found = { seq: 9, foreignPaths: [], rival: idOf(8) };
    return { kind: 'published', commit: idOf(9), ...found };
  });
  fleet.connect(2);
  wait(MINUTE);
  await turn();
  assert.deepEqual([publisher.rival, errors], [null, []]);
});

test('the page says that two daemons write it, as long as that is told, though nothing else changes', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1);
  await turn();
  const page = () => status.files.get('README.md') ?? '';
  assert.doesNotMatch(page(), /Two daemons/);
  const found = { seq: 9, foreignPaths: [], rival: idOf(8) };
  status.once(() => ({ kind: 'published', commit: idOf(9), ...found }));
  fleet.connect(2);
  wait(MINUTE);
  await turn();
  wait(MINUTE);
  await turn();
  assert.match(page(), /Two daemons write this branch/);
  wait(13 * MINUTE);
  await turn();
  assert.match(page(), /Two daemons write this branch/);
  wait(MINUTE);
  await turn();
  assert.doesNotMatch(page(), /Two daemons/);
  const commits = status.commits.length;
  wait(MINUTE);
  await turn();
  assert.equal(status.commits.length, commits);
});

test('a revision that settles is published at once, later changes once per interval', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  await turn();
  const early = status.commits.length;
  fleet.runAll();
  await turn();
  assert.equal(status.commits.length, early + 1, 'settled: at once');
  fleet.happen({ kind: 'operator', id: 'p', by: 'root', request: { kind: 'pause' } });
  await turn();
  assert.equal(status.commits.length, early + 1, 'within the interval: nothing');
  wait(MINUTE);
  await turn();
  assert.equal(status.commits.length, early + 2);
  assert.match(status.commits.at(-1)?.subject ?? '', /^compliant: 3 compliant at 0000000$/);
});

test('unchanged content makes no commit, nor does a slot that repeats a success', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  const before = status.commits.length;
  for (let slot = 0; slot < 3; slot++) {
    fleet.after(30 * MINUTE);
    assert.equal(fleet.runAll().length, 3);
    wait(30 * MINUTE - 1);
    await turn();
  }
  const changed = status.commits.slice(before).flatMap((each) => [...each.files.keys()]);
  assert.deepEqual(
    changed.filter((path) => !path.startsWith('executions/') && path !== 'state.json'),
    [],
  );
});

test('a failed publish is tried again and loses nothing', async () => {
  const { fleet, status, turn, wait, errors } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  status.once(() => {
    throw new ReconcileError('STATUS_UNREACHABLE', 'no route', { retry: 'backoff' });
  });
  await turn();
  assert.deepEqual(errors, ['STATUS_UNREACHABLE']);
  assert.equal(status.commits.length, 0);
  wait(5_000);
  await turn();
  assert.equal(status.commits.length, 1);
  assert.equal([...status.files.keys()].filter((path) => path.startsWith('nodes/')).length, 3);
});

for (const turns of [0, 1, 2, 5, 9]) {
  test(`called off after ${turns} turns, a publish ends without a commit, and loses nothing`, async () => {
    const { fleet, status, publisher, errors, signal, slow } = setUp();
    const thirty = Array.from({ length: 30 }, (_, i) => i + 1);
    const nodes = Object.fromEntries(thirty.map((n) => [n, {}]));
    fleet.accept(revision(1, { motd: {} }, nodes)).connect(...thirty);
    fleet.runAll();
    slow();
    const leave = new AbortController();
    publisher.tick(leave.signal);
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    leave.abort();
    await publisher.ended();
    assert.deepEqual([status.commits.length, errors], [0, []]);
    assert.ok(publisher.waiting >= 30);
    await publisher.flush(signal);
    assert.equal([...status.files.keys()].filter((path) => path.startsWith('nodes/')).length, 30);
  });
}

test('what a commit whose answer was lost has brought is taken back, though it is as it was before', async () => {
  const { fleet, status, turn, wait } = setUp();
  const motd = revision(1, { motd: {} }, { 1: {} });
  fleet.accept(motd);
  await turn();
  const before = new Map(status.files);
  status.loseAnswer();
  fleet.accept(revision(2, { motd: {}, hosts: {} }, { 1: {} }));
  wait(MINUTE);
  await turn();
  assert.ok(status.files.has('associations/hosts/status.json'), 'it is there');
  fleet.accept({ ...motd, commit: revision(3, {}).commit });
  wait(MINUTE);
  await turn();
  const path = [...before.keys()].find((each) => each.startsWith('nodes/')) ?? '';
  assert.equal(status.files.get(path), before.get(path));
});

test('a branch that was deleted or edited is written whole again', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  status.files.clear();
  fleet.accept(revision(2, { motd: { document: 'v2' } }));
  fleet.runAll();
  status.once(() => ({ kind: 'rebuild', reason: 'deleted' }));
  wait(MINUTE);
  await turn();
  assert.equal(status.commits.at(-1)?.complete, true);
  for (const path of [
    'README.md',
    'summary.json',
    'state.json',
    'plan.json',
    'associations/motd/status.json',
  ]) {
    assert.ok(status.files.has(path), path);
  }
});

test('a branch that is deleted while nothing happens is written again within an interval', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  const paths = [...status.files.keys()];
  wait(MINUTE);
  await turn();
  const before = status.commits.length;
  status.files.clear();
  status.forget();
  wait(MINUTE);
  await turn();
  assert.equal(status.commits.length, before + 1);
  assert.deepEqual([...status.files.keys()].sort(), paths.sort());
});

test('what is not ours is removed after a restart; history stays', async () => {
  const { fleet, status, publisher, signal } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  await publisher.flush(signal);
  const history = [...status.files.keys()].find((path) => path.startsWith('executions/'));
  assert.ok(history);
  status.files.set('nodes/00/mi-00000000000000009.json', '{}');
  fleet.world.dirty.all = true;
  await publisher.flush(signal);
  assert.equal(status.files.has('nodes/00/mi-00000000000000009.json'), false);
  assert.ok(status.files.has(history));
});

test('ended executions reach the branch within the hour, though nothing else happens', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  const history = () => [...status.files.keys()].filter((path) => path.startsWith('executions/'));
  wait(59 * MINUTE);
  await turn();
  assert.deepEqual(history(), []);
  wait(2 * MINUTE);
  await turn();
  assert.equal(history().length, 1);
  assert.equal(fleet.executions().length, 0, 'and memory forgets them');
});

test('a result that comes late, while what stood for it is on its way, reaches the branch, too', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const [job] = fleet.takeJobs();
  assert.ok(job !== undefined);
  fleet.start(job).happen({ kind: 'disconnected', node: job.node });
  fleet.after(3 * MINUTE).after(60 * MINUTE);
  await turn();
  const told = () =>
    [...status.files].filter(([path]) => path.startsWith('executions/')).map(([, text]) => text);
  status.meanwhile(() => fleet.connect(1).finish(job));
  wait(61 * MINUTE);
  await turn();
  assert.match(told().join(), /Unreachable/);
  assert.equal(fleet.executions().length, 1, 'the late truth is not forgotten');
  wait(61 * MINUTE);
  await turn();
  assert.match(told().join(), /"Success"/);
  assert.doesNotMatch(told().join(), /Unreachable/);
  assert.equal(fleet.executions().length, 0);
});

test('ended executions are rolled up again when the branch could not be written', async () => {
  const { fleet, status, turn, wait, errors } = setUp();
  fleet.accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  fleet.runAll();
  await turn();
  status.once(() => {
    throw new ReconcileError('STATUS_UNREACHABLE', 'no route', { retry: 'backoff' });
  });
  wait(61 * MINUTE);
  await turn();
  assert.deepEqual(errors, ['STATUS_UNREACHABLE']);
  assert.equal(fleet.executions().length, 1);
  wait(MINUTE);
  await turn();
  assert.equal([...status.files.keys()].filter((path) => path.startsWith('executions/')).length, 1);
  assert.equal(fleet.executions().length, 0);
});

test('what a life before left waiting has waited already: a daemon that dies twice an hour writes its history', async () => {
  const fleet = new TestFleet();
  fleet.accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  fleet.runAll();
  for (const [waited, files] of [
    [30 * MINUTE, 0],
    [31 * MINUTE, 1],
  ] as const) {
    fleet.after(waited);
    const { status, turn } = setUp(fleet);
    fleet.world.dirty.all = true;
    await turn();
    const history = [...status.files.keys()].filter((path) => path.startsWith('executions/'));
    assert.equal(history.length, files);
  }
  assert.equal(fleet.executions().length, 0);
});

test('what waited for longer than the retention is on the branch for one commit: Git has it, and the tip lets it go', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} }, { 1: {} })).connect(1);
  const history = () => [...status.files.keys()].filter((path) => path.startsWith('executions/'));
  await turn();
  fleet.runAll();
  fleet.after(10 * DAY);
  wait(61 * MINUTE);
  await turn();
  assert.equal(history().length, 1);
  wait(MINUTE);
  await turn();
  assert.deepEqual(history(), []);
});

test('ended executions leave the tip after their retention, though nothing else is written again', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: { schedule: 'rate(1 day)' } })).connect(1, 2, 3);
  const days = () =>
    [...status.files.keys()]
      .filter((path) => path.startsWith('executions/'))
      .map((path) => path.slice('executions/'.length, 'executions/'.length + 10))
      .sort();
  const seen = new Set<string>();
  for (let day = 0; day < 8; day++) {
    fleet.runAll();
    wait(DAY);
    await turn();
    await turn();
    for (const each of days()) seen.add(each);
    fleet.after(DAY);
  }
  assert.ok(seen.size >= 7, `a file a day: ${[...seen].join(' ')}`);
  const last = [...seen].sort().slice(-5);
  assert.ok(days().length >= 3 && days().length <= 5, days().join(' '));
  assert.ok(days().every((day) => last.includes(day)));
  assert.ok(
    status.commits.slice(1).every(({ complete }) => !complete),
    'no rebuild was needed for it',
  );
});

test('ended executions leave the tip after their retention, though nothing ever ends again', async () => {
  const { fleet, status, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  const history = () => [...status.files.keys()].filter((path) => path.startsWith('executions/'));
  /** Commits while so many minutes pass. */
  const commitsIn = async (minutes: number): Promise<number> => {
    const before = status.commits.length;
    for (let minute = 0; minute < minutes; minute++) {
      fleet.after(MINUTE);
      wait(MINUTE);
      await turn();
    }
    return status.commits.length - before;
  };
  assert.equal(await commitsIn(62), 1, 'what has ended is on the branch');
  assert.equal(history().length, 1);
  for (let day = 0; day < 3; day++) {
    fleet.after(DAY - 5 * MINUTE);
    assert.equal(await commitsIn(5), 0, `day ${day}: it stays, and nothing is written`);
    assert.equal(history().length, 1);
  }
  fleet.after(DAY);
  assert.equal(await commitsIn(5), 1, 'then it goes, and that is one commit');
  assert.deepEqual(history(), []);
  fleet.after(DAY);
  assert.equal(await commitsIn(5), 0);
});

const LATE = node(9);

/** With a place for a node that brings its own key. */
function withActivation(n: number, ...associations: string[]) {
  const loaded = revision(n, Object.fromEntries(associations.map((name) => [name, {}])));
  const activation = {
    id: 'act',
    codeHash: sha256Hex('code'),
    registrationLimit: 1,
    expiresAt: null,
    defaultName: null,
    tags: {},
    file: 'activations/act.yaml',
  };
  return {
    ...loaded,
    catalog: { ...loaded.catalog, activations: new Map([['act', activation]]) },
  };
}

function recover({ files }: ReturnType<typeof fakeStatus>, fleet: TestFleet) {
  const read = (path: string) => files.get(path) ?? null;
  const list = (prefix: string) => [...files.keys()].filter((path) => path.startsWith(prefix));
  const recovered = readStatus({ read, list }, { verify: () => true, now: fleet.now, tip: null });
  assert.ok(recovered.ok, recovered.ok ? '' : recovered.error.message);
  return recovered.value;
}

for (let turns = 0; turns < 9; turns++) {
  test(`a node that registers ${turns} turns into a publish is in it whole`, async () => {
    const { fleet, status, publisher, signal, slow } = setUp();
    fleet.accept(withActivation(1, 'motd')).connect(1, 2, 3);
    fleet.runAll();
    slow();
    const flushed = publisher.flush(signal);
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(status.commits.length, 0, 'it is under way');
    const activation = { id: 'act', code: 'code' };
    const applicant = { node: LATE, publicKey: 'key-9', hostname: 'late', activation };
    fleet.happen({ kind: 'applied', id: 'a', applicant });
    await flushed;
    const { nodes, state } = recover(status, fleet);
    const late = nodes.find((each) => each.node === LATE);
    assert.equal(late?.registration?.activationId, 'act');
    const owed = late.assignments.map((each) => each.owed?.execution ?? null);
    assert.equal(owed.length, 1);
    assert.ok(
      state.executions.some(({ id }) => id === owed[0]),
      'what it owes can be owed again',
    );
    assert.ok(fleet.world.dirty.nodes.has(LATE), 'pages count it next time');
    await publisher.flush(signal);
    assert.match(status.commits.at(-1)?.subject ?? '', /1 pending|1 silent/);
  });
}

test('a revision that comes into force during a publish is what the commit tells of', async () => {
  const { fleet, status, publisher, signal, slow } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  slow();
  const flushed = publisher.flush(signal);
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(status.commits.length, 0, 'it is under way');
  fleet.accept(revision(2, { motd: { document: 'v2' }, ntp: {} }));
  await flushed;
  assert.equal(status.commits[0]?.subject, 'pending: 0 compliant, 3 pending at 0000000');
  const { nodes, state } = recover(status, fleet);
  assert.equal(state.accepted?.commit, fleet.world.state.accepted?.commit);
  for (const { assignments } of nodes) {
    assert.equal(assignments.filter(({ owed }) => owed !== null).length, 2);
  }
  assert.ok(status.files.has('associations/ntp/status.json'));
});

test('a branch that is deleted while slots repeat a success is written again within an interval', async () => {
  const { fleet, status, publisher, turn, wait, errors } = setUp();
  fleet.accept(revision(1, { motd: { schedule: 'rate(30 minutes)' } })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  const paths = [...status.files.keys()];
  const repeat = async () => {
    fleet.world.touchNode(node(1));
    wait(MINUTE);
    await turn();
  };
  await repeat();
  await repeat();
  const before = status.commits.length;
  status.files.clear();
  status.forget();
  await repeat();
  assert.equal(status.commits.length, before + 1);
  assert.deepEqual([...status.files.keys()].sort(), paths.sort());
  assert.deepEqual([errors, publisher.lastError], [[], null]);
});

test('a look that agrees makes the report fresh; one that fails does not', async () => {
  const { fleet, status, publisher, turn, wait } = setUp();
  fleet.accept(revision(1, { motd: {} })).connect(1, 2, 3);
  fleet.runAll();
  await turn();
  wait(MINUTE);
  await turn(); // the file of the revision that has settled
  const commits = status.commits.length;
  const at = publisher.publishedAtMs ?? 0;
  for (let i = 0; i < 5; i++) {
    wait(MINUTE);
    await turn();
  }
  assert.equal(status.commits.length, commits, 'nothing to tell');
  assert.equal((publisher.publishedAtMs ?? 0) - at, 5 * MINUTE);
  status.breakOnce();
  wait(MINUTE);
  await turn();
  assert.equal((publisher.publishedAtMs ?? 0) - at, 5 * MINUTE);
  assert.equal(publisher.lastError?.code, 'STATUS_UNREACHABLE');
});

const begun = (epoch: number, branchEpoch: number) =>
  ({
    kind: 'recovered',
    records: [{ kind: 'instance', name: 'test', epoch, branchEpoch, daemonKey: 'key' }],
  }) as const;
const epochIn = (files: ReadonlyMap<string, string>): unknown =>
  JSON.parse(files.get('state.json') ?? '{}').epoch;

test('a new epoch goes to the branch at once, though nothing else has changed, and is in force then', async () => {
  const { fleet, status, turn } = setUp();
  fleet.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  fleet.accept(revision(1, { motd: {} }));
  await turn();
  await turn();
  const before = status.commits.length;
  fleet.happen(begun(2, 1));
  await turn();
  assert.deepEqual([status.commits.length, epochIn(status.files)], [before + 1, 2]);
  assert.equal(fleet.world.state.instance?.branchEpoch, 2);
  fleet.happen(begun(2, 1)); // as after a publish whose answer was lost
  await turn();
  assert.deepEqual([epochIn(status.files), fleet.world.state.instance.branchEpoch], [3, 3]);
});

test('what somebody wrote there in a higher epoch is not overwritten', async () => {
  const { fleet, status, turn, wait, errors } = setUp();
  fleet.happen({ kind: 'boot', instance: 'test', daemonKey: 'key' });
  fleet.accept(revision(1, { motd: {} }));
  await turn();
  const state = status.files.get('state.json') ?? '';
  status.files.set('state.json', state.replace('"epoch": 1', '"epoch": 5'));
  assert.equal(epochIn(status.files), 5);
  const before = status.commits.length;
  fleet.accept(revision(2, { motd: {} }));
  status.once(() => ({ kind: 'rebuild', reason: 'edited' }));
  wait(MINUTE);
  await turn();
  assert.deepEqual([errors, status.commits.length], [['STATUS_SUPERSEDED'], before]);
  // Not even after somebody took that away again: an operator decides.
  status.files.set('state.json', state);
  status.once(() => ({ kind: 'rebuild', reason: 'edited' }));
  wait(10 * MINUTE);
  await turn();
  assert.deepEqual([errors.length, status.commits.length], [2, before]);
  fleet.happen(begun(6, 5));
  await turn(); // at once: what failed before is of the epoch that ended
  assert.deepEqual([epochIn(status.files), fleet.world.state.instance?.branchEpoch], [6, 6]);
});
