import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { registerAgent } from '../../src/agent/register.ts';
import type { NodeId } from '../../src/core/model/brand.ts';
import { instant } from '../../src/core/model/brand.ts';
import type { RunResult } from '../../src/core/model/run.ts';
import type { Job } from '../../src/protocol/messages.ts';
import { sealJob } from '../../src/protocol/sign.ts';
import type { Listening } from '../io/agents/listening.ts';
import { until, withServer } from '../io/agents/listening.ts';
import { daemon, job, run, script } from '../protocol/messages.ts';

type Agent = {
  readonly root: string;
  readonly node: NodeId;
  child: ChildProcess;
  /** A new process on the same state. */
  start(): void;
  kill(signal: NodeJS.Signals): Promise<void>;
};

const program = fileURLToPath(new URL('./agent-process.ts', import.meta.url));
const nobody = 65_534;

async function register({ url }: Listening, root: string): Promise<NodeId> {
  const registered = await registerAgent(
    {
      server: url,
      serverKey: daemon.publicKey,
      activation: { id: 'a', code: 'c' },
      root,
      agentVersion: '0.1.0',
      log: () => undefined,
    },
    AbortSignal.timeout(10_000),
  );
  return registered.nodeId;
}

async function withAgent(
  body: (agent: Agent, listening: Listening) => Promise<void>,
  options: { readonly ack?: boolean } = {},
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'agent-'));
  let listening: Listening | null = null;
  await withServer(
    {
      nodeCount: () => 1,
      sink: (event) => {
        listening?.events.push(event);
        if (event.kind !== 'message' || event.message.kind !== 'result') return;
        const ack = { kind: 'ack', run: event.message.result.run } as const;
        if (options.ack !== false) listening?.server.send(event.node, ack);
      },
    },
    async (opened) => {
      listening = opened;
      const node = await register(opened, root);
      const agent: Agent = {
        root,
        node,
        child: start(root),
        start: () => {
          agent.child = start(root);
        },
        async kill(signal) {
          agent.child.kill(signal);
          if (agent.child.exitCode === null) await once(agent.child, 'exit');
        },
      };
      try {
        await body(agent, opened);
      } finally {
        await agent.kill('SIGKILL');
        await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      }
    },
  );
}

const start = (root: string): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', program, root], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

/** Waits for the node and hands it a job. */
async function offer(
  { server, events }: Listening,
  node: NodeId,
  overrides: Parameters<typeof job>[0],
): Promise<Job> {
  const now = Date.now();
  const whole = job({
    node,
    notBefore: instant(now),
    notAfter: instant(now + 300_000),
    ...overrides,
  });
  const message = { kind: 'job', envelope: sealJob(daemon, whole) } as const;
  for (let waits = 0; !server.send(node, message); waits++) {
    assert.ok(waits < 1_000, 'the agent never connected');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(events.length > 0);
  return whole;
}

async function resultOf({ events }: Listening, which: Job): Promise<RunResult> {
  const find = (): RunResult | undefined =>
    events
      .flatMap((event) =>
        event.kind === 'message' && event.message.kind === 'result' ? [event.message.result] : [],
      )
      .findLast((result) => result.run === which.run);
  for (let waits = 0; waits < 1_500; waits++) {
    const result = find();
    if (result !== undefined) return result;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail('there was no result');
}

const lines = (path: string): number =>
  existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0;

test('registering makes a private key and agent.yaml, and may be repeated', () =>
  withAgent(async ({ root, node }, listening) => {
    const state = join(root, 'var/lib/reconciled-agent');
    assert.equal((await stat(join(state, 'node.key'))).mode & 0o777, 0o600);
    assert.equal((await stat(state)).mode & 0o777, 0o700);
    const config = await readFile(join(root, 'etc/reconciled/agent.yaml'), 'utf8');
    assert.match(config, new RegExp(`^nodeId: ${node}$`, 'm'));
    const isRunning = (): boolean =>
      listening.events.filter(({ kind }) => kind === 'connected').length === 2;
    await until(isRunning, 'it was registered, and now it runs');
    // The running agent holds the state directory.
    await assert.rejects(register(listening, root), { code: 'STATE_LOCKED' });
  }));

test('kill -9 in the middle of a step: it goes on, is adopted, and the rest follows', () =>
  withAgent(async (agent, listening) => {
    const marks = join(agent.root, 'marks');
    const content = script(
      [`echo one >>${marks}`, 'sleep 1.2', 'echo first'],
      [`echo two >>${marks}`, 'echo second'],
    );
    const sent = await offer(listening, agent.node, { content });
    await until(() => lines(marks) === 1, 'the first step runs');
    await agent.kill('SIGKILL');
    agent.start();
    const result = await resultOf(listening, sent);
    assert.equal(result.status, 'Success');
    assert.deepEqual(
      result.steps.map(({ stdout }) => stdout.text),
      ['first\n', 'second\n'],
    );
    assert.equal(lines(marks), 2);
  }));

for (const [when, wait] of [
  ['while it runs', '1.5'],
  ['when it has ended too', '0'],
] as const) {
  test(`kill -9 between a foreseen start and its record, found ${when}: it ran once, and all is told`, () =>
    withAgent(async (agent, listening) => {
      const marks = join(agent.root, 'marks');
      const hold = join(agent.root, 'hold');
      const content = script(
        [`echo one >>${marks}`, `until [ -e ${hold} ]; do sleep 0.05; done`, 'echo first'],
        [`echo two >>${marks}`, `sleep ${wait}`, 'echo second'],
        [`echo three >>${marks}`, 'echo third'],
      );
      const sent = await offer(listening, agent.node, { content });
      await until(() => lines(marks) === 1, 'the first step runs');
      await writeFile(hold, '');
      await until(() => lines(marks) === 2, 'the second one was started ahead of its record');
      if (wait === '0') await new Promise((resolve) => setTimeout(resolve, 300));
      await agent.kill('SIGKILL');
      await rm(hold);
      agent.start();
      const result = await resultOf(listening, sent);
      assert.equal(result.status, 'Success');
      assert.deepEqual(
        result.steps.map(({ stdout }) => stdout.text),
        ['first\n', 'second\n', 'third\n'],
      );
      assert.equal(lines(marks), 3);
    }));
}

test('SIGTERM leaves the step alone; its end is read from the exit file later', () =>
  withAgent(async (agent, listening) => {
    const marks = join(agent.root, 'marks');
    const content = script([`echo one >>${marks}`, 'sleep 0.3', `echo end >>${marks}`, 'exit 4']);
    const sent = await offer(listening, agent.node, { content });
    await until(() => lines(marks) === 1, 'the step runs');
    await agent.kill('SIGTERM');
    assert.equal(agent.child.exitCode, 0);
    await until(() => lines(marks) === 2, 'the step ended without an agent');
    agent.start();
    const result = await resultOf(listening, sent);
    assert.deepEqual(
      result.steps.map(({ exitCode }) => exitCode),
      [4],
    );
  }));

test('agent and step both gone: Interrupted, and the run never starts again', () =>
  withAgent(async (agent, listening) => {
    const marks = join(agent.root, 'marks');
    const content = script([`echo one >>${marks}`, 'sleep 60'], ['echo never']);
    const sent = await offer(listening, agent.node, { content });
    await until(() => lines(marks) === 1, 'the step runs');
    await agent.kill('SIGKILL');
    const runs = join(agent.root, 'var/lib/reconciled-agent/runs');
    const [supervisor] = readFileSync(join(runs, 'supervisor'), 'utf8').split(' ');
    process.kill(-Number(supervisor), 'SIGKILL');
    agent.start();
    const result = await resultOf(listening, sent);
    assert.deepEqual([result.status, result.detailedStatus], ['Failed', 'Interrupted']);
    await offer(listening, agent.node, { content });
    await until(
      () => listening.events.some((e) => e.kind === 'message' && e.message.kind === 'already'),
      'it is known',
    );
    assert.equal(lines(marks), 1);
  }));

test('a script removes its run folder, and its agent is killed: waited for, Interrupted, and never started again', () =>
  withAgent(async (agent, listening) => {
    const [marks, end] = [join(agent.root, 'marks'), join(agent.root, 'end')];
    const runs = join(agent.root, 'var/lib/reconciled-agent/runs');
    const content = script(
      [
        'rm -rf "$(dirname "$(dirname "$(dirname "$0")")")"',
        `echo one >>${marks}`,
        `until [ -e ${end} ]; do sleep 0.05; done`,
        `echo end >>${marks}`,
      ],
      ['echo never'],
    );
    const sent = await offer(listening, agent.node, { content });
    await until(() => lines(marks) === 1, 'the step runs');
    assert.ok(!existsSync(join(runs, sent.run)), 'its folder is gone');
    await agent.kill('SIGKILL');
    agent.start();
    await until(
      () => listening.events.filter(({ kind }) => kind === 'connected').length === 3,
      'back',
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(lines(marks), 1, 'it runs once, and goes on');
    await writeFile(end, '');
    const result = await resultOf(listening, sent);
    assert.deepEqual([result.status, result.detailedStatus], ['Failed', 'Interrupted']);
    assert.match(result.steps[1]?.reason ?? '', /may have begun .* nobody knows/);
    assert.equal(readFileSync(marks, 'utf8'), 'one\nend\n');
  }));

test('a result that was not acked is told again by the next process', () =>
  withAgent(
    async (agent, listening) => {
      const sent = await offer(listening, agent.node, { content: script(['echo kept']) });
      await resultOf(listening, sent);
      await agent.kill('SIGKILL');
      listening.events.length = 0;
      agent.start();
      const result = await resultOf(listening, sent);
      assert.equal(result.steps[0]?.stdout.text, 'kept\n');
    },
    { ack: false },
  ));

test('two agents under their own roots, as an ordinary user, see nothing of each other', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become somebody else');
  const reachable = await import('node:fs/promises').then(({ access }) =>
    access(program).then(() => true),
  );
  assert.ok(reachable);
  await withServer({ nodeCount: () => 1 }, async (listening) => {
    const roots = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), 'agent-'))));
    const children: ChildProcess[] = [];
    try {
      const sent: Job[] = [];
      for (const [index, root] of roots.entries()) {
        const node = await register(listening, root);
        await giveTo(root, nobody);
        const child = spawn(process.execPath, ['--import', 'tsx', program, root], {
          stdio: ['ignore', 'ignore', 'inherit'],
          uid: nobody,
          gid: nobody,
          env: { PATH: process.env['PATH'] ?? '', TSX_DISABLE_CACHE: '1' },
        });
        children.push(child);
        const early = await Promise.race([
          once(child, 'exit').then(() => 'ended'),
          offer(listening, node, {
            run: run(`user-${index}`),
            content: script([
              'id -u',
              'echo "$RECONCILED_ROOT"',
              'echo x >"$RECONCILED_ROOT/mine"',
            ]),
          }),
        ]);
        if (early === 'ended') return t.skip('this checkout cannot be read by an ordinary user');
        sent.push(early as Job);
      }
      for (const [index, each] of sent.entries()) {
        const result = await resultOf(listening, each);
        assert.equal(result.status, 'Success');
        assert.equal(result.steps[0]?.stdout.text, `${nobody}\n${roots[index]}\n`);
        assert.ok(existsSync(join(roots[index] ?? '', 'mine')));
      }
    } finally {
      for (const child of children) child.kill('SIGKILL');
      for (const root of roots)
        await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  });
});

async function giveTo(root: string, user: number): Promise<void> {
  const { readdir } = await import('node:fs/promises');
  await chmod(root, 0o755);
  for (const path of ['', ...(await readdir(root, { recursive: true }))]) {
    await chown(join(root, path), user, user);
  }
}
