/**
 * Ended executions stay until the status branch has them. While it cannot be written they would grow without end: then the
 * oldest keep their counts only, and at last give way whole. What ran last on a node stands at the node and is never lost.
 */
import type { ExecutionId } from '../model/brand.ts';
import type { Execution } from '../model/state.ts';
import type { Turn } from './turn.ts';
import { emit, note } from './turn.ts';

/** Of ended executions. A run takes half a kilobyte, an execution without its runs one. */
export type HistoryLimits = { readonly runsMax: number; readonly executionsMax: number };
export const HISTORY_LIMITS: HistoryLimits = { runsMax: 500_000, executionsMax: 50_000 };

export type History = {
  readonly limits: HistoryLimits;
  /** As it stands: it ended, goes on again, or was condensed. */
  place(execution: Execution | undefined): void;
  remove(id: ExecutionId): void;
  clear(): void;
  /** The one that ended first; null: none. */
  oldest(of: 'all' | 'with-runs'): ExecutionId | null;
  /** How many wait for the status branch, and how many of them are counts only. */
  readonly executions: number;
  readonly condensed: number;
  /** Of those that wait, in memory. */
  readonly runs: number;
  /** Since the start, executions that gave way before the branch had them. */
  lost: number;
};

export function createHistory(limits: HistoryLimits): History {
  const all = new Set<ExecutionId>();
  const runsOf = new Map<ExecutionId, number>();
  let runs = 0;
  let condensed = 0;

  function setRuns(id: ExecutionId, now: number | null): void {
    runs += (now ?? 0) - (runsOf.get(id) ?? 0);
    if (now === null) runsOf.delete(id);
    else runsOf.set(id, now);
  }

  function remove(id: ExecutionId): void {
    if (!all.delete(id)) return;
    if (!runsOf.has(id)) condensed--;
    setRuns(id, null);
  }

  return {
    limits,
    place(execution) {
      if (execution === undefined) return;
      const { id } = execution;
      if (execution.endedAt === null) return remove(id);
      const isKnown = all.has(id);
      all.add(id);
      if (execution.condensed === null) return setRuns(id, execution.runs.size);
      if (!isKnown || runsOf.has(id)) condensed++;
      setRuns(id, null);
    },
    remove,
    clear() {
      all.clear();
      runsOf.clear();
      runs = 0;
      condensed = 0;
    },
    oldest(of) {
      const [first] = of === 'all' ? all : runsOf.keys();
      return first ?? null;
    },
    get executions() {
      return all.size;
    },
    get condensed() {
      return condensed;
    },
    get runs() {
      return runs;
    },
    lost: 0,
  };
}

export function boundHistory(turn: Turn): void {
  const { history } = turn.world;
  const { runsMax, executionsMax } = history.limits;
  while (history.runs > runsMax) {
    const execution = history.oldest('with-runs');
    if (execution === null) break;
    emit(turn, { kind: 'condensed', execution, at: turn.now });
    note(turn, 'runs of an ended execution dropped, counts kept', told(turn, execution));
  }
  while (history.executions > executionsMax) {
    const execution = history.oldest('all');
    if (execution === null) break;
    note(turn, 'ended execution dropped before it was published', told(turn, execution));
    emit(turn, { kind: 'archived', execution });
    history.lost++;
  }
}

const told = ({ world }: Turn, execution: ExecutionId) => ({
  execution,
  association: world.state.executions.get(execution)?.association ?? null,
});
