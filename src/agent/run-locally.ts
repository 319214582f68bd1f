import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant, runId } from '../core/model/brand.ts';
import { present } from '../core/model/errors.ts';
import type { JsonObject } from '../core/model/json.ts';
import type { RunStatus, StepResult } from '../core/model/run.ts';
import { removeScratchDir } from '../disk/scratch.ts';
import type { Job } from '../protocol/messages.ts';
import { ciphertextsOf } from './ciphertexts.ts';
import { openExecutor } from './executor/executor.ts';
import { gatherFacts } from './facts/facts.ts';
import type { Kill, TaskHistory } from './flow.ts';
import { nextOf, stepOf } from './flow.ts';
import type { ExecutorEvent, SettledEvent, Task } from './ports.ts';
import { sameTask } from './ports.ts';
import { prepareContent } from './prepare.ts';
import { openVault } from './vault.ts';

export type LocalRunOptions = {
  /** `RECONCILED_ROOT` of the scripts and their default directory; '' is the machine itself. */
  readonly root: string;
  readonly parameterStore: Job['parameterStore'];
  /** What the document includes by name. */
  readonly documents: Job['documents'];
  /** Where the run folder is made, and left; without, in a scratch folder that is removed. */
  readonly runsDir?: string;
  /** Files that can open the SecureStrings of it; none by default. */
  readonly identities?: readonly string[];
  /** Aborting cancels the run: its step is killed, the rest is not started. */
  readonly signal: AbortSignal;
};

export type LocalRun = {
  readonly status: RunStatus;
  readonly steps: readonly StepResult[];
  /** Why the document could not run at all; '' when it could. */
  readonly message: string;
};

/**
 * One document, here and now, without a daemon and without a ledger: what `document run` does. The same steps, executor and
 * results as on a node; outputs are in the result and nowhere else. `parameters` are typed values.
 */
export async function runDocumentLocally(
  content: JsonObject,
  parameters: JsonObject,
  options: LocalRunOptions,
): Promise<LocalRun> {
  const { parameterStore, documents } = options;
  const prepared = prepareContent({ document: { content }, parameters, parameterStore, documents });
  if (!prepared.ok) return { status: 'Failed', steps: [], message: prepared.message };
  const ciphertexts = ciphertextsOf(options);
  const dir = options.runsDir === undefined ? await mkdtemp(join(tmpdir(), 'reconciled-')) : null;
  const facts = await gatherFacts('');
  const events = makeInbox();
  const vault = openVault(options.identities ?? []);
  const executor = openExecutor({
    runsDir: options.runsDir ?? join(present(dir, 'a scratch folder was made'), 'runs'),
    complianceDir: null,
    node: { root: options.root, nodeId: 'local', ...facts },
    reboot: () => Promise.resolve(noReboot),
    vault,
    now,
    report: events.push,
    crash: events.fail,
  });
  const cancel = (): void => executor.kill(localRun);
  options.signal.addEventListener('abort', cancel);
  try {
    const history: TaskHistory[] = [];
    for (;;) {
      const stop = options.signal.aborted ? cancelled : null;
      const flow = { ...prepared, history, stop, perhaps: null, noReboot };
      const next = nextOf(flow);
      if (next.kind === 'end') return { status: next.status, steps: next.steps, message: '' };
      if (next.kind === 'start') {
        const { task, inputs } = next;
        const startedAt = now();
        const { action, environment, secretEnvironment } = stepOf(flow, task).step;
        const given = { environment, secretEnvironment, ciphertexts, documents };
        const order = { run: localRun, task, action, inputs, ...given, startedAt };
        executor.start({ ...order, sequence: history.length, commandId: 'local' });
        history.push({ task, startedAt, kill: null, outcome: null });
      }
      const event = await endOf(await events.next());
      if (event.kind === 'task-deadline') executor.kill(localRun);
      update(history, event, options.signal.aborted ? cancelled : timedOut);
    }
  } finally {
    options.signal.removeEventListener('abort', cancel);
    executor.release(localRun);
    await executor.close();
    if (dir !== null) await removeScratchDir(dir);
  }
}

const noReboot = 'a document that runs by itself restarts no machine';

const now = () => instant(Date.now());
/** The only run there is: its folder has this name. */
export const localRun = runId('0'.repeat(26));
const timedOut: Kill = {
  scope: 'step',
  status: 'TimedOut',
  reason: 'killed, because its time-out had passed',
};
const cancelled: Kill = { scope: 'run', status: 'Cancelled', reason: 'cancelled' };

/** Nothing is foreseen here, so nothing waits for what a task came to. */
async function endOf(event: ExecutorEvent): Promise<SettledEvent> {
  if (event.kind !== 'task-exited') return event;
  const { run, task } = event;
  return { kind: 'task-ended', run, task, outcome: await event.outcome() };
}

function update(history: TaskHistory[], event: SettledEvent, kill: Kill): void {
  if (event.kind === 'reboot-refused') return; // nothing here asks for one
  const isIts = (past: TaskHistory): boolean => sameTask(past.task, event.task satisfies Task);
  const index = history.findIndex(isIts);
  const past = present(history[index], 'an event names a task that was started');
  if (event.kind === 'task-deadline') history[index] = { ...past, kill };
  if (event.kind === 'task-ended') {
    const killed = kill.scope === 'run' ? kill : past.kill;
    history[index] = { ...past, kill: killed, outcome: event.outcome };
  }
}

function makeInbox(): {
  push(event: ExecutorEvent): void;
  fail(cause: unknown): void;
  next(): Promise<ExecutorEvent>;
} {
  const waiting: ExecutorEvent[] = [];
  let take: ((event: ExecutorEvent) => void) | null = null;
  let fail: (cause: unknown) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => {
    fail = reject;
  });
  broken.catch(() => undefined); // seen by whoever waits next
  return {
    fail: (cause) => fail(cause),
    push(event) {
      if (take === null) waiting.push(event);
      else take(event);
      take = null;
    },
    next() {
      const event = waiting.shift();
      if (event !== undefined) return Promise.resolve(event);
      const pushed = new Promise<ExecutorEvent>((resolve) => {
        take = resolve;
      });
      return Promise.race([pushed, broken]);
    },
  };
}
