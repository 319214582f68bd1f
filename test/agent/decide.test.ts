import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instant } from '../../src/core/model/brand.ts';
import { present } from '../../src/core/model/errors.ts';
import type { AgentMessage, Job } from '../../src/protocol/messages.ts';
import { sealJob } from '../../src/protocol/sign.ts';
import { agent, daemon, job, noon, run, someDigest } from '../protocol/messages.ts';
import type { FakeNode } from './fake-node.ts';
import { compacted, fakeNode, later, outcome, preparedStep, steps } from './fake-node.ts';

const kinds = (node: FakeNode): readonly string[] => node.sent.map(({ kind }) => kind);
const lastSent = (node: FakeNode): AgentMessage | undefined => node.sent.at(-1);
const resultOf = (node: FakeNode) => {
  const message = node.sent.findLast(({ kind }) => kind === 'result');
  assert.ok(message?.kind === 'result', 'a result was sent');
  return message.result;
};
const minuteMs = 60_000;

test('a job is taken, started, finished and acked, each recorded before it is told', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  assert.deepEqual(kinds(node), ['accepted', 'started']);
  node.exit(0);
  node.exit(0);
  assert.equal(resultOf(node).status, 'Success');
  assert.equal(
    resultOf(node).executionSummary,
    '2 out of 2 plugins processed, 2 success, 0 failed, 0 timedout, 0 skipped. ',
  );
  node.say({ kind: 'ack', run: run('1') });
  assert.deepEqual(
    node.durable.map(({ kind }) => kind),
    [
      ...['received', 'intent', 'started', 'foreseen', 'exited', 'started', 'exited'],
      ...['finished', 'acked'],
    ],
  );
  assert.equal(node.state.spool.size, 0);
});

const refusals: readonly { name: string; job: Job; code: string }[] = [
  {
    name: 'for another node',
    job: job({ node: 'mi-00000000000000000' as Job['node'] }),
    code: 'WrongNode',
  },
  { name: 'past its not-after', job: job({ notAfter: instant(noon - 1) }), code: 'Expired' },
  {
    name: 'from more than five minutes ahead',
    job: job({ notBefore: later(noon, 5 * minuteMs + 1), notAfter: later(noon, 10 * minuteMs) }),
    code: 'NotYet',
  },
  {
    name: 'whose document is not the one that was digested',
    job: { ...job(), document: { ...job().document, digest: someDigest } },
    code: 'BadDigest',
  },
  {
    name: 'whose parameters are not the ones that were digested',
    job: { ...job(), parametersDigest: someDigest },
    code: 'BadDigest',
  },
];
for (const c of refusals) {
  test(`refused: a job ${c.name}`, () => {
    const node = fakeNode();
    node.offer(c.job);
    assert.deepEqual(kinds(node), ['refused']);
    assert.equal((lastSent(node) as { code: string }).code, c.code);
    assert.equal(node.durable.length, 0);
    assert.equal(node.bodies.size, 0);
  });
}

test('refused: by its clock, a node says what the clock shows', () => {
  const node = fakeNode();
  node.offer(job({ notAfter: instant(noon - 1) }));
  const said = lastSent(node);
  assert.ok(said?.kind === 'refused');
  assert.equal(said.clock, noon);
  assert.match(said.message, /^this clock shows 2026-\S+Z; the job is good from 2\S+Z to 2\S+Z$/);
});

test('refused: a job that cannot be read, by the run that it names; without one there is nothing to answer', () => {
  const node = fakeNode();
  const value = { type: 'String', value: 'v' } as const;
  const references = Array.from({ length: 201 }, (_, n) => [`/a/${n}`, value] as const);
  node.offer(job({ parameterStore: Object.fromEntries(references) }));
  assert.deepEqual(lastSent(node), {
    kind: 'refused',
    run: run('1'),
    code: 'Malformed',
    message: 'parameterStore is not a map of at most 200',
    clock: null,
  });
  node.say({ kind: 'job', envelope: { payload: '{"kind":"job"}', signature: '' } });
  assert.deepEqual([kinds(node), node.durable], [['refused'], []]);
});

for (const [name, notBefore, notAfter] of [
  ['at its very not-after', noon - 5 * minuteMs, noon],
  ['from a clock five minutes ahead', noon + 5 * minuteMs, noon + 10 * minuteMs],
] as const) {
  test(`taken: a job ${name}`, () => {
    const node = fakeNode();
    node.offer(job({ notBefore: instant(notBefore), notAfter: instant(notAfter) }));
    assert.equal(node.bodies.size, 1);
  });
}

test('refused: a job that another key signed, or that was changed after signing', () => {
  for (const envelope of [
    sealJob(agent, job()),
    { ...sealJob(daemon, job()), payload: JSON.stringify(job({ timeoutMs: 5 })) },
  ]) {
    const node = fakeNode();
    node.say({ kind: 'job', envelope });
    assert.equal((lastSent(node) as { code: string }).code, 'BadSignature');
    assert.equal(node.bodies.size, 0);
  }
});

test('refused: a job from an older epoch or position than one that was taken', () => {
  const node = fakeNode();
  node.offer(job({ fence: { epoch: 2, position: 7 } }));
  node.exit(0);
  for (const fence of [
    { epoch: 2, position: 6 },
    { epoch: 1, position: 99 },
  ]) {
    node.offer(job({ run: run('2'), fence }));
    assert.equal((lastSent(node) as { code: string }).code, 'StaleEpoch');
  }
  node.offer(job({ run: run('2'), fence: { epoch: 3, position: 0 } }));
  assert.equal(node.bodies.size, 2);
});

test('busy: one job at a time, and no queue', () => {
  const node = fakeNode();
  node.offer(job());
  node.offer(job({ run: run('2') }));
  assert.deepEqual(lastSent(node), { kind: 'busy', run: run('2'), with: run('1') });
  node.exit(0);
  assert.equal(node.bodies.size, 1);
});

test('the same offer again starts nothing: accepted, then the result, then already', () => {
  const node = fakeNode();
  node.offer(job());
  node.offer(job());
  assert.deepEqual(kinds(node), ['accepted', 'started', 'accepted', 'started']);
  node.exit(0);
  node.offer(job());
  assert.equal(lastSent(node)?.kind, 'result');
  node.say({ kind: 'ack', run: run('1') });
  node.offer(job());
  assert.equal(lastSent(node)?.kind, 'already');
  assert.deepEqual(
    [...node.bodies.values()].map(({ begun }) => begun),
    [1],
  );
});

test('the last run of an association is known for ever, also after compaction', () => {
  const node = fakeNode();
  node.offer(job());
  node.exit(0);
  node.say({ kind: 'ack', run: run('1') });
  node.now = later(noon, 400 * 24 * 60 * minuteMs);
  node.state = compacted(node);
  assert.equal(node.state.ended.size, 0);
  node.offer(job({ notBefore: node.now, notAfter: later(node.now, minuteMs) }));
  assert.equal(lastSent(node)?.kind, 'already');
});

test('a run that ended a month ago does not start for a daemon whose backup is older, nor is it disowned', () => {
  const node = fakeNode();
  for (const text of ['1', '2']) {
    node.offer(job({ run: run(text) }));
    node.exit(0);
    node.say({ kind: 'ack', run: run(text) });
  }
  node.now = later(noon, 33 * 24 * 60 * minuteMs);
  node.state = compacted(node);
  const again = { run: run('1'), notBefore: node.now, notAfter: later(node.now, minuteMs) };
  node.offer(job(again));
  assert.equal(lastSent(node)?.kind, 'already');
  node.say({ kind: 'revoke', run: run('1') });
  assert.equal(lastSent(node)?.kind, 'already');
  assert.deepEqual(
    [...node.bodies.values()].map(({ begun }) => begun),
    [1, 1],
  );
});

test('revoked before it came: never started, whenever it comes', () => {
  const node = fakeNode();
  node.say({ kind: 'revoke', run: run('1') });
  assert.deepEqual(lastSent(node), { kind: 'revoked', run: run('1') });
  node.offer(job());
  assert.deepEqual(lastSent(node), { kind: 'revoked', run: run('1') });
  assert.equal(node.bodies.size, 0);
});

test('revoked between intent and start: not started', () => {
  const node = fakeNode();
  node.fuse = 2; // the records and `accepted`; the process dies before it begins
  node.offer(job());
  assert.ok(node.state.active !== null && node.bodies.size === 0);
  node.fuse = null;
  node.revive();
  node.say({ kind: 'revoke', run: run('1') });
  assert.deepEqual(lastSent(node), { kind: 'revoked', run: run('1') });
  node.restart();
  node.offer(job());
  assert.equal(node.bodies.size, 0);
});

test('a revocation does not touch what has started', () => {
  const node = fakeNode();
  node.offer(job());
  node.say({ kind: 'revoke', run: run('1') });
  assert.deepEqual(lastSent(node), { kind: 'busy', run: run('1'), with: run('1') });
  node.exit(0);
  assert.equal(resultOf(node).status, 'Success');
});

test('a time-out kills the step, and the next one runs', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.handle({ kind: 'task-deadline', run: run('1'), task: { step: 0, element: 0 } });
  node.exit(0);
  const { status, steps: ended } = resultOf(node);
  assert.equal(status, 'TimedOut');
  assert.deepEqual(
    ended.map((step) => [step.status, step.exitCode]),
    [
      ['TimedOut', 137],
      ['Success', 0],
    ],
  );
});

test('a cancellation kills the step and starts no other', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.say({ kind: 'cancel', run: run('1'), reason: 'by ops' });
  const { status, steps: ended } = resultOf(node);
  assert.equal(status, 'Cancelled');
  assert.deepEqual(
    ended.map((step) => [step.status, step.exitCode, step.reason]),
    [
      ['Cancelled', 137, 'cancelled: by ops'],
      ['Cancelled', 1, 'cancelled: by ops'],
    ],
  );
});

test("the whole run's time-out ends the run", () => {
  const node = fakeNode(() => steps(3));
  node.offer(job({ timeoutMs: 10_000 }));
  node.exit(0);
  node.handle({ kind: 'run-deadline', run: run('1') });
  const { status, steps: ended } = resultOf(node);
  assert.equal(status, 'TimedOut');
  assert.deepEqual(
    ended.map((step) => step.status),
    ['Success', 'TimedOut', 'TimedOut'],
  );
});

test('a step that beats its killer keeps its own code', () => {
  const node = fakeNode();
  node.offer(job());
  const body = [...node.bodies.values()][0];
  assert.ok(body);
  body.alive = false; // it has just exited: the kill finds nobody
  node.handle({ kind: 'task-deadline', run: run('1'), task: { step: 0, element: 0 } });
  body.alive = true;
  node.exit(0);
  assert.equal(resultOf(node).status, 'Success');
});

test('late words about a task that is over are ignored', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.exit(0);
  const records = node.durable.length;
  node.handle({ kind: 'task-deadline', run: run('1'), task: { step: 0, element: 0 } });
  node.handle({ kind: 'run-deadline', run: run('9') });
  assert.equal(node.durable.length, records);
});

test('a document that cannot be prepared fails at once, and says why', () => {
  const node = fakeNode(() => ({ ok: false, message: 'Parameter "x" requires a value.' }));
  node.offer(job());
  const result = resultOf(node);
  assert.deepEqual(
    [result.status, result.detailedStatus, result.errorCode, result.executionSummary],
    ['Failed', 'InvalidDocument', 'InvalidAssoc', 'Parameter "x" requires a value.'],
  );
});

test('what steps ask to be refreshed is in the result: the names, or all once one asks for all', () => {
  const asking = (...lists: readonly (readonly string[])[]) => {
    const node = fakeNode(() => steps(lists.length + 1));
    node.offer(job());
    for (const refresh of lists) {
      const { run, task } = present(node.order, 'a step runs');
      node.handle({ kind: 'task-ended', run, task, outcome: { ...outcome(0), refresh } });
    }
    node.exit(0);
    return resultOf(node).refresh;
  };
  assert.equal(asking(), null);
  assert.deepEqual(asking(['a'], ['b', 'a']), ['a', 'b']);
  assert.deepEqual(asking(['a'], []), []);
});

// --- restarts of the machine that a step asks for ---------------------------------------------------------------

test('exit 194: recorded, told, asked for; after the boot the same step runs again, and no finished one', () => {
  const node = fakeNode(() => steps(3));
  node.offer(job());
  node.exit(0);
  node.exit(194);
  assert.equal(node.reboots, 1);
  assert.deepEqual(
    node.durable.slice(-2).map(({ kind }) => kind),
    ['exited', 'reboot'],
  );
  assert.deepEqual(lastSent(node), { kind: 'rebooting', run: run('1') });
  node.restart();
  assert.equal(node.reboots, 2, 'the machine is still up: asked again');
  node.restart('machine');
  assert.equal(node.order?.task.step, 1);
  assert.equal(node.order.sequence, 2);
  node.exit(194);
  node.restart('machine');
  node.exit(0);
  node.exit(0);
  const { status, steps: ended } = resultOf(node);
  assert.equal(status, 'Success');
  assert.deepEqual(
    ended.map(({ exitCode }) => exitCode),
    [0, 0, 0],
  );
  const begun = (step: number) => node.bodies.get(`${run('1')}/${step}.0`)?.begun;
  assert.deepEqual([begun(0), begun(1), begun(2)], [1, 3, 1]);
});

test('compaction keeps what restarts have been', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.exit(194);
  assert.deepEqual(compacted(node).active, node.state.active);
  node.restart('machine');
  node.exit(194);
  node.restart('machine');
  assert.deepEqual(compacted(node).active, node.state.active);
});

test('a run restarts its machine fifteen times, then the step has failed', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  for (let boot = 1; boot <= 15; boot++) {
    node.exit(194);
    assert.equal(node.reboots, boot);
    node.restart('machine');
  }
  node.exit(194);
  assert.equal(node.reboots, 15);
  const { status, steps: ended } = resultOf(node);
  assert.equal(status, 'Failed');
  assert.match(
    ended[0]?.reason ?? '',
    /which is not done: the run has restarted the machine 15 times/,
  );
  assert.equal(ended[1]?.status, 'Skipped');
});

test('a machine that does not restart: the step has failed and says why', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.exit(194);
  node.handle({ kind: 'reboot-refused', run: run('1'), why: 'a guest here' });
  assert.equal(resultOf(node).status, 'Failed');
  assert.match(resultOf(node).steps[0]?.reason ?? '', /which is not done: a guest here/);
});

test('cancelled while the machine restarts: nothing more starts after the boot', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.exit(194);
  node.say({ kind: 'cancel', run: run('1'), reason: 'enough' });
  node.restart('machine');
  assert.equal(resultOf(node).status, 'Cancelled');
  assert.equal(node.bodies.size, 1);
});

test('list inputs: every element runs, one step is reported', () => {
  const node = fakeNode(() => ({
    ...steps(1),
    steps: [preparedStep({ inputs: [{ a: 1 }, { b: 2 }, { c: 3 }] })],
  }));
  node.offer(job());
  node.exit(0);
  node.exit(4);
  node.exit(5);
  const { steps: ended } = resultOf(node);
  assert.deepEqual(
    ended.map((step) => [step.status, step.exitCode]),
    [['Failed', 4]],
  );
});

test('after a restart the intent alone starts the run; past its not-after it is given back', () => {
  for (const [sleepMs, want] of [
    [minuteMs, ['accepted', 'started']],
    [10 * minuteMs, ['accepted', 'refused']],
  ] as const) {
    const node = fakeNode();
    node.fuse = 2;
    node.offer(job());
    node.now = later(noon, sleepMs);
    node.restart();
    assert.deepEqual(kinds(node), want);
  }
});

test('an agent that was given a job back may be offered it again', () => {
  const node = fakeNode();
  node.fuse = 2;
  node.offer(job());
  node.now = later(noon, 10 * minuteMs);
  node.restart();
  node.offer(job({ notBefore: node.now, notAfter: later(node.now, minuteMs) }));
  node.exit(0);
  assert.equal(resultOf(node).status, 'Success');
});

test('a restarted agent adopts the step that lives', () => {
  const node = fakeNode(() => steps(2));
  node.offer(job());
  node.restart();
  node.exit(0);
  node.exit(0);
  assert.equal(resultOf(node).status, 'Success');
  assert.deepEqual(
    [...node.bodies.values()].map(({ begun }) => begun),
    [1, 1],
  );
});

test('a step that ended while nobody looked is read from its exit file', () => {
  const node = fakeNode();
  node.offer(job());
  node.fuse = 0;
  node.exit(3);
  node.restart();
  assert.deepEqual(
    resultOf(node).steps.map((step) => step.exitCode),
    [3],
  );
});

test('a killed step stays killed when the agent dies before it sees the end', () => {
  const node = fakeNode();
  node.offer(job());
  node.fuse = 1; // Killed is durable, the signal was not sent
  node.handle({ kind: 'task-deadline', run: run('1'), task: { step: 0, element: 0 } });
  node.restart();
  assert.equal(resultOf(node).status, 'TimedOut');
});

test('Interrupted: the step is gone and nobody knows how; nothing after it runs, and the next may have begun', () => {
  const node = fakeNode(() => steps(3));
  node.offer(job());
  node.restart('machine');
  const result = resultOf(node);
  assert.deepEqual([result.status, result.detailedStatus], ['Failed', 'Interrupted']);
  assert.deepEqual(
    result.steps.map((step) => [step.status, step.exitCode]),
    [
      ['Failed', -1],
      ['Failed', -1],
      ['Skipped', 0],
    ],
  );
  assert.match(result.steps[1]?.reason ?? '', /may have begun .* nobody knows/);
});

// --- started ahead of the record --------------------------------------------------------------------------------

/** What `decide` lets go ahead and what it writes down when the first of three steps ends so. */
function atTheEndOfTheFirst(prepare: (node: FakeNode) => void, code: number) {
  const node = fakeNode(() => steps(3));
  node.offer(job());
  prepare(node);
  const before = node.durable.length;
  const ahead = node.ahead.length;
  node.exit(code);
  return {
    ahead: node.ahead.slice(ahead).map(({ task }) => task.step),
    records: node.durable.slice(before).map(({ kind }) => kind),
  };
}

for (const c of [
  { name: 'ended well', code: 0, ahead: [1], records: ['exited', 'started', 'foreseen'] },
  { name: 'failed', code: 1, ahead: [], records: ['exited', 'started', 'foreseen'] },
  { name: 'asked for a restart', code: 194, ahead: [], records: ['exited', 'reboot'] },
  { name: 'ended the run', code: 168, ahead: [], records: ['exited', 'finished'] },
]) {
  test(`ahead of its record: the next step when the one before it ${c.name}`, () => {
    const { ahead, records } = atTheEndOfTheFirst(() => undefined, c.code);
    assert.deepEqual({ ahead, records }, { ahead: c.ahead, records: c.records });
  });
}

for (const c of [
  { name: 'the first step', codes: [], readied: [0] },
  { name: 'not one that was foreseen', codes: [0], readied: [0] },
  { name: 'one after a failure', codes: [1], readied: [0, 1] },
]) {
  test(`made ready before it is recorded as started: ${c.name}`, () => {
    const node = fakeNode(() => steps(3));
    node.offer(job());
    for (const code of c.codes) node.exit(code);
    assert.deepEqual(
      node.readied.map(({ task }) => task.step),
      c.readied,
    );
  });
}

for (const c of [
  { name: 'was made ready is there: it starts', begun: 1, ends: 'Success' },
  { name: 'was made ready is gone: Interrupted', begun: 0, ends: 'Interrupted' },
]) {
  test(`recorded as started, the agent died, and what ${c.name}`, () => {
    const node = fakeNode(() => steps(1));
    node.fuse = 5; // the records and `accepted`, `begin`, made ready, Started
    node.offer(job());
    assert.deepEqual([node.dead, node.durable.at(-1)?.kind], [true, 'started']);
    if (c.begun === 0) node.erase();
    node.restart();
    node.exit(0);
    assert.equal(resultOf(node).detailedStatus, c.ends);
    assert.equal([...node.bodies.values()][0]?.begun ?? 0, c.begun);
  });
}

test('nothing goes ahead once a kill is recorded, though the step beat its killer', () => {
  const deadline = (node: FakeNode): void => {
    const body = present([...node.bodies.values()][0], 'it runs');
    body.alive = false;
    node.handle({ kind: 'task-deadline', run: run('1'), task: { step: 0, element: 0 } });
    body.alive = true;
  };
  const { ahead, records } = atTheEndOfTheFirst(deadline, 0);
  assert.deepEqual(ahead, []);
  assert.deepEqual(records, ['exited', 'started', 'foreseen']);
});

test('what a document that was read at run time begins with is not foreseen', () => {
  const inner = steps(1);
  const reading = preparedStep({ action: 'aws:runDocument', inputs: { documentPath: 'x' } });
  const node = fakeNode(() => ({
    ok: true,
    steps: [reading, preparedStep({ name: 'after' })],
    open: (_inputs, _depth, text) =>
      text === null ? { kind: 'unread' } : { kind: 'steps', steps: inner.steps },
  }));
  node.offer(job());
  const { run: id, task } = present(node.order, 'it is read');
  const read = { ...outcome(0), document: '{}' };
  node.handle({ kind: 'task-ended', run: id, task, outcome: read });
  assert.deepEqual(node.ahead, []);
  assert.deepEqual(node.order?.task, { step: 0, element: 0, inner: { step: 0, element: 0 } });
});

/** The agent dies when the second of three steps has been started ahead (1), or a moment before (0). */
function deadAround(fuse: 0 | 1): FakeNode {
  const node = fakeNode(() => steps(3));
  node.offer(job());
  node.fuse = fuse;
  node.exit(0);
  assert.ok(node.dead);
  assert.equal(node.durable.at(-1)?.kind, 'foreseen');
  return node;
}
const begunOf = (node: FakeNode): readonly number[] =>
  [...node.bodies.values()].map(({ begun }) => begun);

for (const fuse of [0, 1] as const) {
  const when = fuse === 0 ? 'before' : 'after';
  test(`the agent dies a moment ${when} a start ahead: the step runs once, and the run goes on`, () => {
    const node = deadAround(fuse);
    node.restart();
    for (let step = 1; step < 3; step++) node.exit(0);
    assert.deepEqual(begunOf(node), [1, 1, 1]);
    assert.equal(resultOf(node).status, 'Success');
  });

  test(`the agent dies a moment ${when} a start ahead, and a script took the exit files away: no step runs twice`, () => {
    const node = deadAround(fuse);
    node.erase();
    node.restart();
    assert.deepEqual(begunOf(node), fuse === 0 ? [1] : [1, 1]);
    const { detailedStatus, steps: ended } = resultOf(node);
    assert.equal(detailedStatus, 'Interrupted');
    assert.match(ended[1]?.reason ?? '', /may have begun .* nobody knows/);
  });

  test(`the agent dies a moment ${when} a start ahead and again at every later moment: each step runs once`, () => {
    for (let second = 0; second < 12; second++) {
      const node = deadAround(fuse);
      node.revive();
      node.fuse = second;
      node.restart('process', { keepFuse: true });
      node.restart();
      for (let step = 1; step < 3; step++) node.exit(0);
      assert.deepEqual(begunOf(node), [1, 1, 1], `${second}`);
      assert.equal(resultOf(node).status, 'Success');
    }
  });

  test(`the agent dies a moment ${when} a start ahead, and the run is cancelled: it says what began`, () => {
    const node = deadAround(fuse);
    node.hold = true; // the executor has not answered yet
    node.restart();
    node.say({ kind: 'cancel', run: run('1'), reason: '' });
    node.hold = false;
    const { status, steps: ended } = resultOf(node);
    assert.equal(status, 'Cancelled');
    assert.deepEqual(
      ended.map((step) => [step.status, step.startedAt !== null]),
      [
        ['Success', true],
        ['Cancelled', fuse === 1],
        ['Cancelled', false],
      ],
    );
  });
}

test('a reboot after a start ahead: the exit file of the step before is believed, and the step is Interrupted', () => {
  const node = deadAround(1);
  node.restart('machine');
  const result = resultOf(node);
  assert.equal(result.detailedStatus, 'Interrupted');
  assert.deepEqual(
    result.steps.map((step) => [step.status, step.exitCode]),
    [
      ['Success', 0],
      ['Failed', -1],
      ['Skipped', 0],
    ],
  );
});

test('a reboot after a start ahead that ended: its own exit file is believed, and the run was cut behind it', () => {
  const node = deadAround(1);
  const second = present([...node.bodies.values()][1], 'it was started');
  Object.assign(second, { alive: false, exitCode: 0 });
  node.restart('machine');
  const result = resultOf(node);
  assert.equal(result.detailedStatus, 'Interrupted');
  assert.deepEqual(
    result.steps.map((step) => step.status),
    ['Success', 'Success', 'Cancelled'],
  );
});

test('a reboot that took the exit files: Interrupted, and the step that was started ahead may have begun', () => {
  const node = deadAround(1);
  node.restart('power');
  const result = resultOf(node);
  assert.equal(result.detailedStatus, 'Interrupted');
  assert.match(result.steps[1]?.reason ?? '', /may have begun/);
});

test('compaction keeps what is foreseen, and what is in doubt', () => {
  const node = deadAround(1);
  assert.deepEqual(compacted(node).active, node.state.active);
  node.hold = true;
  node.restart();
  assert.equal(node.state.active?.foreseen?.inDoubt, true);
  assert.deepEqual(compacted(node).active, node.state.active);
});

test('a machine that restarts between the intent and the first step cuts nothing', () => {
  const node = fakeNode(() => steps(2));
  node.fuse = 2;
  node.offer(job());
  node.restart('machine');
  node.exit(0);
  node.exit(0);
  assert.equal(resultOf(node).status, 'Success');
});

test('a reboot between two steps interrupts; a reboot after the last one does not', () => {
  for (const [count, want] of [
    [2, 'Interrupted'],
    [1, 'Success'],
  ] as const) {
    const node = fakeNode(() => steps(count));
    node.offer(job());
    node.fuse = 0;
    node.exit(0); // its exit file says 0, and nothing was recorded
    node.restart('machine');
    assert.equal(resultOf(node).detailedStatus, want);
  }
});

test('results are sent again at every welcome until they are acked', () => {
  const node = fakeNode();
  node.offer(job());
  node.exit(0);
  node.restart();
  node.restart();
  assert.equal(kinds(node).filter((kind) => kind === 'result').length, 3);
  node.say({ kind: 'ack', run: run('1') });
  node.restart();
  assert.equal(kinds(node).filter((kind) => kind === 'result').length, 3);
});
