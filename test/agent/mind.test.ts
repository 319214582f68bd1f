import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../../src/agent/decide.ts';
import type { LedgerRecord } from '../../src/agent/ledger.ts';
import { applyRecord, emptyLedger } from '../../src/agent/ledger.ts';
import { openMind } from '../../src/agent/mind.ts';
import type { ExecutorPort, TaskOrder } from '../../src/agent/ports.ts';
import { openVault } from '../../src/agent/vault.ts';
import { ReconcileError } from '../../src/core/model/errors.ts';
import type { AgentMessage, ServerMessage } from '../../src/protocol/messages.ts';
import { sealJob, verifyEnvelope } from '../../src/protocol/sign.ts';
import { agentNode, daemon, job, noon, run } from '../protocol/messages.ts';
import { outcome, steps } from './fake-node.ts';

const full = new ReconcileError('JOURNAL_FULL', 'no space left', { retry: 'backoff' });

function setUp(count = 1) {
  const sent: AgentMessage[] = [];
  const told: string[] = [];
  const started: TaskOrder[] = [];
  const prepared: TaskOrder[] = [];
  const failures: unknown[] = [];
  const crashes: unknown[] = [];
  let delay = 1;
  const executor: ExecutorPort = {
    makeReady: () => {
      told.push('make ready');
    },
    start: (order) => {
      told.push('start');
      started.push(order);
    },
    prepare: (order) => {
      told.push(`prepare ${order.task.step}`);
      prepared.push(order);
    },
    adopt: () => assert.fail('nothing to adopt'),
    kill: () => undefined,
    reboot: (id) => {
      let later = Promise.resolve();
      for (let i = 1; i < delay; i++) later = later.then(() => undefined);
      later
        .then(() => mind.handle({ kind: 'reboot-refused', run: id, why: 'a guest' }))
        .catch((cause: unknown) => crashes.push(cause));
    },
    release: () => undefined,
    close: () => Promise.resolve(),
  };
  const mind = openMind({
    context: {
      node: agentNode,
      isSigned: (envelope) => verifyEnvelope(daemon.publicKey, envelope),
      bootId: 'b',
      prepare: () => steps(count),
    },
    state: emptyLedger(),
    append: (records: readonly LedgerRecord[]) => {
      const failure = failures.shift();
      if (failure !== undefined) return Promise.reject(failure as Error);
      told.push(records.map(({ kind }) => kind).join('+'));
      return Promise.resolve();
    },
    executor,
    vault: openVault([]),
    send: (message) => {
      told.push(`say ${message.kind}`);
      sent.push(message);
    },
    now: () => noon,
    log: () => undefined,
    onRelease: () => undefined,
    crash: (cause) => crashes.push(cause),
  });
  const offer = (): void =>
    mind.handle({ kind: 'said', message: { kind: 'job', envelope: sealJob(daemon, job()) } });
  const ended = {
    kind: 'task-ended',
    run: run('1'),
    task: { step: 0, element: 0 },
    outcome: outcome(0),
  } as const;
  const refuseRebootAfter = (microtasks: number): void => {
    delay = microtasks;
  };
  return {
    ...{ mind, sent, told, started, prepared, failures, crashes },
    ...{ offer, ended, refuseRebootAfter },
  };
}

const turn = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

test('durable first, then told, then done; which records share a sync', async () => {
  const { mind, told, offer, ended } = setUp();
  offer();
  await turn();
  mind.handle(ended);
  await turn();
  assert.deepEqual(told, [
    'received+intent',
    'say accepted',
    'make ready',
    'started',
    'say started',
    'start',
    'exited+finished',
    'say result',
  ]);
  await mind.close();
});

for (const microtasks of [1, 2, 3, 4, 5]) {
  test(`what is said ${microtasks} microtasks after the last effect is heard`, async () => {
    const { mind, sent, offer, ended, refuseRebootAfter } = setUp();
    refuseRebootAfter(microtasks);
    offer();
    await turn();
    mind.handle({ ...ended, outcome: outcome(194) });
    await turn();
    assert.deepEqual(
      sent.slice(-2).map(({ kind }) => kind),
      ['rebooting', 'result'],
    );
    await mind.close();
  });
}

test('while a task runs the next one is foreseen, prepared, and then started ahead of its record', async () => {
  const { mind, told, started, prepared, offer, ended } = setUp(3);
  offer();
  await turn();
  mind.handle(ended);
  await turn();
  assert.deepEqual(told.slice(2), [
    ...['make ready', 'started+foreseen', 'say started', 'start', 'prepare 1'],
    ...['start', 'exited+started+foreseen', 'prepare 2'],
  ]);
  assert.deepEqual(prepared[0], started[1]);
  await mind.close();
});

for (const c of [
  { code: 0, want: ['start', 'read', 'exited+started+foreseen'] },
  { code: 1, want: ['read', 'make ready', 'exited+started+foreseen', 'start'] },
]) {
  test(`what a task came to is read after the next one was told to go, if there is one; code ${c.code}`, async () => {
    const { mind, told, offer, ended } = setUp(3);
    offer();
    await turn();
    const before = told.length;
    mind.handle({
      kind: 'task-exited',
      run: ended.run,
      task: ended.task,
      exitCode: c.code,
      outcome: async () => {
        told.push('read');
        // Heard only when the end is decided, however long the reading takes.
        mind.handle({ kind: 'run-deadline', run: ended.run });
        await turn();
        return outcome(c.code);
      },
    });
    await turn(30);
    const since = told.slice(before);
    assert.deepEqual(since.slice(0, c.want.length), c.want);
    assert.ok(since.includes('killed'));
    await mind.close();
  });
}

test('disk full when a task was started ahead: started once, whatever else is heard, and its record written when there is space', async () => {
  const { mind, told, started, failures, offer, ended } = setUp(2);
  offer();
  await turn();
  failures.push(full);
  mind.handle(ended);
  mind.handle({ kind: 'run-deadline', run: run('1') });
  await turn(50);
  assert.deepEqual([started.length, told.at(-1)], [2, 'start']);
  await turn(1_100);
  assert.deepEqual(told.slice(-3), ['start', 'exited+started', 'killed']);
  await mind.close();
});

test('disk full: the job is refused from memory, and taken when there is space again', async () => {
  const { mind, sent, started, failures, offer } = setUp();
  failures.push(full);
  offer();
  await turn();
  assert.deepEqual(
    sent.map((message) => (message.kind === 'refused' ? message.code : message.kind)),
    ['DiskFull'],
  );
  assert.equal(started.length, 0);
  offer();
  await turn();
  assert.equal(started.length, 1);
  await mind.close();
});

test('disk full at the end of a step: what happened is kept and written when there is space again', async () => {
  const { mind, sent, failures, offer, ended } = setUp();
  offer();
  await turn();
  failures.push(full);
  mind.handle(ended);
  await turn(50);
  assert.equal(sent.at(-1)?.kind, 'started');
  await turn(1_100);
  assert.equal(sent.at(-1)?.kind, 'result');
  await mind.close();
});

test('anything else that fails is a crash, never a guess', async () => {
  const { mind, crashes, failures, started, offer } = setUp();
  failures.push(new Error('bug'));
  offer();
  await turn();
  assert.equal(crashes.length, 1);
  assert.equal(started.length, 0);
  await mind.close();
});

test('a run that is revoked before it came takes no deadline and no folder from the one under way', () => {
  const state = emptyLedger();
  const context = {
    node: agentNode,
    isSigned: () => true,
    bootId: 'b',
    prepare: () => steps(1),
  };
  const now = noon;
  const say = (message: ServerMessage) => {
    const decision = decide(context, state, { kind: 'said', message }, now);
    for (const record of decision.records) applyRecord(state, record);
    return decision.effects.map(({ kind }) => kind);
  };
  const envelope = sealJob(daemon, job());
  assert.deepEqual(say({ kind: 'job', envelope }), ['send', 'begin']);
  assert.deepEqual(say({ kind: 'revoke', run: run('2') }), ['send']);
  assert.deepEqual(say({ kind: 'cancel', run: run('3'), reason: '' }), ['send']);
  assert.deepEqual(say({ kind: 'revoke', run: run('1') }), ['send', 'release']);
});
