/** A real executor in a folder of its own, for tests: orders in, events out. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openExecutor } from '../../../src/agent/executor/executor.ts';
import type {
  ExecutorEvent,
  ExecutorPort,
  SettledEvent,
  TaskOrder,
  TaskOutcome,
} from '../../../src/agent/ports.ts';
import type { Vault } from '../../../src/agent/vault.ts';
import { openVault } from '../../../src/agent/vault.ts';
import type { Instant } from '../../../src/core/model/brand.ts';
import { instant } from '../../../src/core/model/brand.ts';
import type { JsonObject } from '../../../src/core/model/json.ts';
import { taskOrder } from '../../fakes/task-order.ts';
import { run } from '../../protocol/messages.ts';

export type Bench = {
  readonly dir: string;
  readonly executor: ExecutorPort;
  order(sequence: number, inputs: JsonObject, startedAt?: Instant): TaskOrder;
  /** The next event, which must be of this kind. */
  next<Kind extends SettledEvent['kind']>(kind: Kind): Promise<SettledEvent & { kind: Kind }>;
  /** Starts a script and waits for its end. */
  perform(
    sequence: number,
    lines: string | readonly string[],
    inputs?: JsonObject,
  ): Promise<TaskOutcome>;
  /** The process goes, the folder stays. */
  leave(): Promise<void>;
};

/** `body` with an executor; everything is gone afterwards. */
export async function withBench(
  body: (bench: Bench, again: () => Bench) => Promise<void>,
  vault: Pick<Vault, 'unlock'> = openVault([]),
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'executor-'));
  const benches: Bench[] = [];
  const make = (): Bench => {
    const bench = openBench(dir, vault);
    benches.push(bench);
    return bench;
  };
  try {
    await body(make(), make);
  } finally {
    for (const bench of benches) {
      bench.executor.release(run('1'));
      await bench.leave();
    }
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

function openBench(dir: string, vault: Pick<Vault, 'unlock'>): Bench {
  const events: SettledEvent[] = [];
  let wake: () => void = () => undefined;
  let broken: unknown = null;
  const fail = (cause: unknown): void => {
    broken = cause;
    wake();
  };
  const executor = openExecutor({
    vault,
    runsDir: join(dir, 'runs'),
    complianceDir: join(dir, 'compliance'),
    node: {
      root: dir,
      nodeId: 'mi-00000000000000001',
      platformName: 'Debian GNU/Linux',
      platformVersion: '12',
    },
    reboot: () => Promise.resolve('not in a test'),
    now: () => instant(Date.now()),
    report: (event) => {
      endOf(event).then((ended) => {
        events.push(ended);
        wake();
      }, fail);
    },
    crash: fail,
  });

  const bench: Bench = {
    dir,
    executor,
    order: (sequence, inputs, startedAt = instant(Date.now())) =>
      taskOrder({
        task: { step: sequence, element: 0 },
        sequence,
        action: 'aws:runShellScript',
        inputs,
        startedAt,
      }),
    async next(kind) {
      const deadline = AbortSignal.timeout(20_000);
      for (;;) {
        if (broken !== null) throw new Error('the executor crashed', { cause: broken });
        deadline.throwIfAborted();
        const event = events.shift();
        if (event !== undefined) {
          if (event.kind === kind) return event as SettledEvent & { kind: typeof kind };
          throw new Error(`expected ${kind}, got ${JSON.stringify(event)}`);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 1_000).unref();
        });
      }
    },
    async perform(sequence, lines, inputs = {}) {
      const runCommand = typeof lines === 'string' ? [lines] : lines;
      executor.start(bench.order(sequence, { runCommand, ...inputs }));
      return (await bench.next('task-ended')).outcome;
    },
    leave: () => executor.close(),
  };
  return bench;
}

async function endOf(event: ExecutorEvent): Promise<SettledEvent> {
  if (event.kind !== 'task-exited') return event;
  const { run: id, task } = event;
  return { kind: 'task-ended', run: id, task, outcome: await event.outcome() };
}
