/**
 * Agents that only speak, for benchmarks of a whole daemon: connected with pinned keys, they answer every job at once with
 * accepted and started, and after `runMs` with a success. They come back when the daemon drops them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Session } from '../src/agent/session.ts';
import { openSession } from '../src/agent/session.ts';
import { sha256Hex } from '../src/core/canonical/digest.ts';
import { digest, instant } from '../src/core/model/brand.ts';
import { present } from '../src/core/model/errors.ts';
import type { StreamResult } from '../src/core/model/run.ts';
import { identityFromPem, nodeIdOf } from '../src/protocol/keys.ts';
import type { Job } from '../src/protocol/messages.ts';
import { parseJob } from '../src/protocol/parse.ts';

export type AnsweringClients = {
  readonly server: string;
  readonly serverKey: string;
  readonly pems: readonly string[];
  readonly runMs: number;
  readonly onRun: (atMs: number) => void;
};

const handshakesAtOnce = 32;
const noOutput: StreamResult = {
  text: '',
  head: '',
  tail: '',
  bytes: 0,
  digest: digest(sha256Hex('')),
};

/** Resolves when all have been welcomed. */
export async function connectAnswering(clients: AnsweringClients): Promise<void> {
  const waiting = [...clients.pems];
  const worker = async (): Promise<void> => {
    for (let pem = waiting.pop(); pem !== undefined; pem = waiting.pop()) {
      await connectOne(clients, pem);
    }
  };
  await Promise.all(Array.from({ length: handshakesAtOnce }, worker));
}

function connectOne(clients: AnsweringClients, pem: string): Promise<void> {
  const identity = identityFromPem(pem);
  return new Promise((resolve) => {
    const session = openSession({
      server: clients.server,
      serverKey: clients.serverKey,
      identity,
      node: present(nodeIdOf(identity.publicKey), 'a key has an id'),
      hello: () => hello,
      onWelcome: () => {
        resolve();
      },
      onMessage: (message) => {
        if (message.kind !== 'job') return;
        const job = parseJob(message.envelope.payload);
        if (!job.ok) throw new Error('bad job');
        answer(clients, session, job.value);
      },
      handshakeTimeoutMs: 60_000,
    });
    session.ended.then(
      () => sleep(200).then(() => connectOne(clients, pem).then(resolve)),
      () => undefined,
    );
  });
}

const hello = {
  facts: {
    hostname: 'bench',
    platformType: 'Linux',
    platformName: 'Linux',
    platformVersion: '',
    architecture: 'x86_64',
    agentVersion: '0',
    bootId: 'bench',
  },
  fence: { epoch: 0, position: 0 },
  running: null,
  startedAt: null,
  lastRuns: [],
  recipient: null,
  activation: null,
} as const;

function answer({ runMs, onRun }: AnsweringClients, session: Session, job: Job): void {
  const startedAt = Date.now();
  session.send({ kind: 'accepted', run: job.run });
  session.send({ kind: 'started', run: job.run, at: instant(startedAt) });
  onRun(startedAt);
  const finish = (): void => {
    session.send({ kind: 'result', result: success(job, startedAt) });
  };
  if (runMs === 0) finish();
  else setTimeout(finish, runMs);
}

function success({ run, execution, association }: Job, startedAtMs: number) {
  const times = { startedAt: instant(startedAtMs), finishedAt: instant(Date.now()) };
  return {
    run,
    execution,
    association,
    status: 'Success',
    detailedStatus: 'Success',
    errorCode: '',
    compliance: null,
    executionSummary: '1 out of 1 plugin processed, 1 success, 0 failed, 0 timedout, 0 skipped. ',
    ...times,
    steps: [
      {
        name: 'bench',
        action: 'aws:runShellScript',
        status: 'Success',
        exitCode: 0,
        reason: '',
        ...times,
        stdout: noOutput,
        stderr: noOutput,
      },
    ],
  } as const;
}
