/**
 * The reference model of nodes that come back (T11): after more than thirty days away whatever targets a node runs there anew, but
 * for what only runs at its slots; after less, nothing runs because of that. Absence is measured by the daemon's clock.
 */
import type { Instant, NodeId, RunId } from '../../src/core/model/brand.ts';
import type { Record } from '../../src/core/world/records.ts';
import { numberOf } from './keys.ts';
import { DAY } from './pace.ts';
import type { Wish } from './wish.ts';
import { targetsOf } from './wish.ts';

const LONG_MS = 30 * DAY;

export type ReturnModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
  readonly nowMs: () => number;
};

export function createReturnModel({ broken, sometimes, nowMs }: ReturnModelOptions) {
  const seen = new Map<NodeId, Instant>();
  const associationOf = new Map<string, string>();
  /** Node → when it last came back from so far. */
  const back = new Map<NodeId, number>();
  /** Node and association → the run that was last opened there, and whether it has ended. */
  const last = new Map<string, { readonly run: RunId; ended: boolean }>();
  /** What this pass has to open, for nodes that came back in it. */
  const owed = new Set<string>();

  function onRecord(record: Record, wish: Wish | null): void {
    switch (record.kind) {
      case 'connected': {
        const since = seen.get(record.node);
        seen.set(record.node, record.at);
        if (since !== undefined && record.at - since > LONG_MS) comesBack(record.node, wish);
        return;
      }
      case 'finished': {
        const opened = last.get(`${record.node} ${record.association}`);
        if (opened?.run === record.outcome.run) opened.ended = true;
        return;
      }
      case 'disconnected':
        seen.set(record.node, record.at);
        return;
      case 'put-node': {
        const { id, lastSeenAt } = record.value;
        if (lastSeenAt !== null) seen.set(id, lastSeenAt);
        return;
      }
      case 'execution':
        associationOf.set(record.id, record.association);
        return opens(record.association, record);
      case 'joined':
        return opens(associationOf.get(record.execution) ?? '', record);
      case 'put-execution':
        associationOf.set(record.value.id, record.value.association);
        return;
      default:
        return;
    }
  }

  function comesBack(node: NodeId, wish: Wish | null): void {
    back.set(node, nowMs());
    sometimes('node back after more than thirty days');
    for (const [name, { flag }] of wish?.associations ?? []) {
      const isTarget = wish !== null && targetsOf(wish, name).includes(numberOf(node));
      // What has not ended may be owed still, and is not owed twice.
      if (!flag && isTarget && last.get(`${node} ${name}`)?.ended === true) {
        owed.add(`${node} ${name}`);
      }
    }
  }

  function opens(
    association: string,
    { occasion, runs }: Record & { kind: 'execution' | 'joined' },
  ): void {
    for (const { node, run } of runs) {
      last.set(`${node} ${association}`, { run, ended: false });
      owed.delete(`${node} ${association}`);
      // An instant, not a commit: and no node of a story registers by itself.
      if (!/^target:\d+-\d+-\d+T/.test(occasion) || back.get(node) === nowMs()) continue;
      broken('T11', `${node} runs because it came back, and was not away for long`);
    }
  }

  /** All records of a pass have been told. */
  function onPassed(): void {
    for (const key of owed) broken('T11', `${key} does not run after more than thirty days away`);
  }

  return {
    onRecord,
    onPassed,
    /** True when what began there then was before its last return. */
    isOutdated: (node: NodeId, begunAtMs: number): boolean => begunAtMs < (back.get(node) ?? 0),
    /** What is owed for a return may be forgotten with it. */
    onStateLost(): void {
      for (const map of [seen, back, last, associationOf]) map.clear();
    },
  };
}
