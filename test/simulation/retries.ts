/**
 * The reference model of second tries (`OnInterrupted: Retry`): what a node itself says was cut runs again where people wished
 * that, under one new id, as often as may be; a run whose place another has taken never begins; and a node runs one thing at a time.
 */
import type { NodeId, RunId } from '../../src/core/model/brand.ts';
import type { Record } from '../../src/core/world/records.ts';
import { numberOf } from './keys.ts';
import type { Truth } from './model.ts';
import type { Wish } from './wish.ts';
import { contentOf, targetsOf } from './wish.ts';

/** As often as the stock agent resumes a document. */
const RETRIES_MAX = 15;

/** What a node's ledger says of a run: cut, ended by itself, or never to be started there. */
type Word = 'Interrupted' | 'Ended' | 'Never';

type Execution = { readonly association: string; closed: boolean; stopped: boolean };
type Opened = Record & { readonly kind: 'execution' | 'joined' };

export type RetryModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
  readonly truthOf: (run: RunId) => Truth | undefined;
};

export function createRetryModel({ broken, sometimes, truthOf }: RetryModelOptions) {
  const words = new Map<RunId, Word>();
  const executions = new Map<string, Execution>();
  /** Node and association → the run that was last opened there. */
  const newest = new Map<string, RunId>();
  /** Run → the one that was opened in its place. */
  const successors = new Map<RunId, RunId>();
  /** Cut runs that this pass has to try again. */
  const owed = new Set<RunId>();
  /** What a machine does just now. */
  const running = new Map<NodeId, RunId>();

  const keyOf = (node: NodeId, association: string): string => `${node} ${association}`;

  function onRecord(record: Record, wish: Wish | null): void {
    switch (record.kind) {
      case 'execution': {
        const { id, association } = record;
        executions.set(id, { association, closed: false, stopped: false });
        return opened(association, record, wish);
      }
      case 'joined':
        return opened(executions.get(record.execution)?.association ?? '', record, wish);
      case 'put-execution': {
        const { id, association, closed, stopped } = record.value;
        executions.set(id, { association, closed: closed !== null, stopped: stopped !== null });
        return;
      }
      case 'closed':
        return change(record.execution, { closed: true });
      case 'stopped':
        return change(record.execution, { stopped: true });
      case 'unstopped':
        return change(record.execution, { stopped: false });
      case 'finished':
        return finished(record, wish);
      default:
        return;
    }
  }

  function change(id: string, to: Partial<Execution>): void {
    const execution = executions.get(id);
    if (execution !== undefined) Object.assign(execution, to);
  }

  function opened(association: string, { occasion, runs }: Opened, wish: Wish | null): void {
    const [, attempt, cut = ''] = /^retry:(\d+):(.*)$/.exec(occasion) ?? [];
    for (const { node, run } of runs) {
      const before = truthOf(cut as RunId);
      // Others who wait are carried along.
      if (attempt !== undefined && before?.node === node) {
        judge(before, { association, attempt: Number(attempt), run }, wish);
      }
      newest.set(keyOf(node, association), run);
    }
  }

  function judge(
    before: Truth,
    { association, attempt, run }: { association: string; attempt: number; run: RunId },
    wish: Wish | null,
  ): void {
    const { node, job } = before;
    const word = words.get(job.run);
    if (word === undefined) broken('retry', `${job.run} again, and its node has not said a word`);
    if (attempt > RETRIES_MAX) broken('retry', `${job.run} is tried again ${attempt} times`);
    // That is no second try of it.
    if (wish !== null && contentOf(wish, association) !== before.content) {
      sometimes('owed again, as other content ran meanwhile');
      return;
    }
    const known = successors.get(job.run);
    if (known !== undefined && known !== run) broken('retry', `${job.run} is tried again twice`);
    successors.set(job.run, run);
    owed.delete(job.run);
    if (word === 'Ended') broken('retry', `${job.run} again, and it had ended by itself`);
    if (attempt !== attemptOf(before) + 1) broken('retry', `${job.run} counts as ${attempt}`);
    if ((newest.get(keyOf(node, association)) ?? job.run) !== job.run)
      broken('retry', `${job.run} again, and another has taken its place`);
    if (word === 'Never' && before.begunAtMs === null) {
      sometimes('another id for what a node will never start');
      return;
    }
    // Its machine was set up anew since, and no state that heard of its start is left: nobody can tell it from one that never began.
    if (word === 'Never' && before.isForgotten && !before.isHeard) {
      sometimes('another id for what nobody knows to have begun');
      return;
    }
    if (wish?.associations.get(association)?.retry !== true)
      broken('retry', `${job.run} of ${association} again, and nobody wished that`);
    sometimes('run again after an interruption');
    if (word === 'Never') sometimes('run again that its node does not know of any more');
    if (attempt === RETRIES_MAX) sometimes('all second tries used up');
  }

  function finished(record: Record & { kind: 'finished' }, wish: Wish | null): void {
    const { association, execution: id, node, outcome } = record;
    const { run, detailedStatus } = outcome;
    const truth = truthOf(run);
    if (detailedStatus !== 'Interrupted' || truth === undefined || wish === null) return;
    if (!words.has(run)) broken('P4', `${run} counted as Interrupted, and its node did not say so`);
    const execution = executions.get(id);
    const isOpen = execution?.closed === false && !execution.stopped;
    if (!isOpen || newest.get(keyOf(node, association)) !== run) return;
    if (wish.associations.get(association)?.retry !== true) return;
    if (contentOf(wish, association) !== truth.content) return;
    if (!targetsOf(wish, association).includes(numberOf(node))) return;
    if (attemptOf(truth) < RETRIES_MAX) owed.add(run);
  }

  /** All records of a pass have been told. */
  function onPassed(): void {
    for (const run of owed) broken('retry', `${run} was cut, and is not tried again`);
  }

  function onSaid(run: RunId, word: Word): void {
    words.set(run, word);
  }

  function onBegin(node: NodeId, run: RunId): void {
    const other = running.get(node);
    if (other !== undefined && other !== run)
      broken('one at a time', `${run} begins on ${node} beside ${other}`);
    running.set(node, run);
    const instead = successors.get(run);
    if (instead !== undefined) broken('retry', `${run} begins, and ${instead} has its place`);
  }

  function onEnd(node: NodeId, run: RunId): void {
    if (running.get(node) === run) running.delete(node);
  }

  /** Runs that were owed before a loss may be owed again: their nodes know what became of them. */
  function onStateLost(): void {
    executions.clear();
    newest.clear();
    successors.clear();
    owed.clear();
  }

  return { onRecord, onPassed, onSaid, onBegin, onEnd, onStateLost };
}

const attemptOf = ({ job: { occasion } }: Truth): number =>
  Number(/^retry:(\d+):/.exec(occasion)?.[1] ?? 0);
