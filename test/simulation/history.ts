/**
 * The reference model of history: what has ended is on the status branch before the daemon forgets it, stays there for thirty days
 * and no longer. It judges by the journal and by what stands on the branch, whose files it reads by their names.
 */
import type { CommitId, ExecutionId, Instant } from '../../src/core/model/brand.ts';
import type { Record } from '../../src/core/world/records.ts';
import type { StatusCommit } from './git-host.ts';
import { DAY } from './pace.ts';

const KEPT_DAYS = 30;

type Ended = { readonly association: string; readonly at: Instant };

export type HistoryModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
};

export function createHistoryModel({ broken, sometimes }: HistoryModelOptions) {
  const associations = new Map<ExecutionId, string>();
  /** Ended, and still with the daemon. */
  const ended = new Map<ExecutionId, Ended>();
  /** The newest commit of the daemon, and whether its journal knows it. */
  let tip: StatusCommit | null = null;
  let known: CommitId | null = null;

  function onRecord(record: Record): void {
    switch (record.kind) {
      case 'execution':
        associations.set(record.id, record.association);
        return;
      case 'slot-skipped':
        ended.set(record.id, record);
        return;
      case 'ended': {
        const association = associations.get(record.execution);
        if (association !== undefined) ended.set(record.execution, { association, at: record.at });
        return;
      }
      case 'put-execution':
        associations.set(record.value.id, record.value.association);
        return;
      case 'published':
        known = record.commit;
        return;
      case 'archived':
        return archived(record.execution);
      default:
        return;
    }
  }

  /** The daemon forgets it: from here on it is where it said that it put it, or nowhere. */
  function archived(id: ExecutionId): void {
    const each = ended.get(id);
    ended.delete(id);
    associations.delete(id);
    if (each === undefined || tip === null || known !== tip.id) return;
    const path = `executions/${dayOf(each.at)}/${each.association}.jsonl`;
    if (!idsIn(tip.tree.get(path)).includes(id)) {
      broken('history', `${id} is forgotten, and not in ${path}`);
    }
    sometimes('execution on the branch for good');
  }

  /** `before`: what the tip was; null when there was none. */
  function onPublished(commit: StatusCommit, before: StatusCommit | null): void {
    tip = commit;
    if (before === null) return;
    const firstDay = dayOf(commit.at - KEPT_DAYS * DAY);
    const touched = [...commit.written.keys()].some(isHistory);
    for (const [path, bytes] of before.tree) {
      if (!isHistory(path)) continue;
      const now = commit.tree.get(path);
      if (now === bytes) {
        // What is too old leaves once a day, with whatever else ends or by itself: `overdue` looks for that in the end.
        if (touched && dayIn(path) < firstDay) broken('history', `${path} stays for ever`);
      } else if (dayIn(path) >= firstDay) {
        const left = new Set(idsIn(now));
        const gone = idsIn(bytes).find((id) => !left.has(id));
        if (gone !== undefined) broken('history', `${path} has lost ${gone}`);
      } else if (now === undefined) {
        sometimes('history of before thirty days left the tip');
      } else {
        broken('history', `${path} is kept for ever`);
      }
    }
  }

  /** What ended before `before` and is only in the daemon's memory. */
  function unpublished(before: Instant): readonly ExecutionId[] {
    return [...ended].filter(([, { at }]) => at < before).map(([id]) => id);
  }

  function onStateLost(): void {
    associations.clear();
    ended.clear();
  }

  return { onRecord, onPublished, onStateLost, unpublished };
}

/** Files of days that have been over for longer than the branch keeps them, and a day to notice. */
export function overdueHistory(paths: Iterable<string>, now: Instant): readonly string[] {
  const firstDay = dayOf(now - (KEPT_DAYS + 1) * DAY);
  return [...paths].filter((path) => isHistory(path) && dayIn(path) < firstDay);
}

const isHistory = (path: string): boolean => path.startsWith('executions/');
const dayIn = (path: string): string => path.split('/')[1] ?? '';
const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

const idsIn = (bytes: Buffer | undefined): readonly ExecutionId[] =>
  (bytes?.toString() ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { readonly ExecutionId: ExecutionId }).ExecutionId);
