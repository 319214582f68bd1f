/**
 * The reference model of nodes that come back. After more than thirty days away (T11), or set up anew with an empty ledger (F45),
 * whatever targets a node runs there anew, but for what only runs at its slots; else nothing runs because of that. Absence is
 * measured by the daemon's clock.
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
  /** Nodes that were set up anew and are not up yet: what arrives of them was said before. */
  const wiped = new Set<NodeId>();
  /** Nodes that were set up anew and have had no job since; those that may have had one and began none. */
  const anew = new Set<NodeId>();
  const perhapsAnew = new Set<NodeId>();
  /** Node → when it came with a ledger that may be empty. */
  const cameEmpty = new Map<NodeId, number>();
  /** Node and association → the run that was last opened there, whether it has ended, and by the word of the node. */
  const last = new Map<string, { readonly run: RunId; ended: boolean; told: boolean }>();
  /** What this pass has to open, for nodes that came back in it. */
  const owed = new Set<string>();

  function onRecord(record: Record, wish: Wish | null): void {
    switch (record.kind) {
      case 'connected': {
        const since = seen.get(record.node);
        seen.set(record.node, record.at);
        if (perhapsAnew.has(record.node)) cameEmpty.set(record.node, nowMs());
        if (since !== undefined && record.at - since > LONG_MS) {
          sometimes('node back after more than thirty days');
          comesBack(record.node, wish);
        } else if (anew.has(record.node) && isKnown(record.node, wish)) {
          sometimes('node back with an empty ledger');
          comesBack(record.node, wish);
        }
        return;
      }
      case 'finished': {
        const opened = last.get(`${record.node} ${record.association}`);
        if (opened?.run !== record.outcome.run) return;
        opened.ended = true;
        opened.told = record.outcome.digest !== null;
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
    for (const [name, { flag }] of wish?.associations ?? []) {
      const isTarget = wish !== null && targetsOf(wish, name).includes(numberOf(node));
      // What has not ended may be owed still, and is not owed twice.
      if (!flag && isTarget && last.get(`${node} ${name}`)?.ended === true) {
        owed.add(`${node} ${name}`);
      }
    }
  }

  /** A result of the node is the last that is known there. */
  const isKnown = (node: NodeId, wish: Wish | null): boolean =>
    [...(wish?.associations.keys() ?? [])].some(
      (name) =>
        wish !== null &&
        targetsOf(wish, name).includes(numberOf(node)) &&
        last.get(`${node} ${name}`)?.told === true,
    );

  function opens(
    association: string,
    { occasion, runs }: Record & { kind: 'execution' | 'joined' },
  ): void {
    for (const { node, run } of runs) {
      last.set(`${node} ${association}`, { run, ended: false, told: false });
      owed.delete(`${node} ${association}`);
      // An instant, not a commit: and no node of a story registers by itself.
      if (!/^target:\d+-\d+-\d+T/.test(occasion)) continue;
      if (back.get(node) === nowMs() || cameEmpty.get(node) === nowMs()) continue;
      broken('T11', `${node} runs because it came back, was not away for long, and has its ledger`);
    }
  }

  /** All records of a pass have been told. */
  function onPassed(): void {
    for (const key of owed)
      broken(
        'T11',
        `${key} does not run after more than thirty days away, or with an empty ledger`,
      );
  }

  return {
    onRecord,
    onPassed,
    /** True when what began there then was before its last return. */
    isOutdated: (node: NodeId, begunAtMs: number): boolean => begunAtMs < (back.get(node) ?? 0),
    onReimaged(node: NodeId): void {
      wiped.add(node);
      perhapsAnew.add(node);
    },
    onAgentStarts(node: NodeId): void {
      if (wiped.delete(node)) anew.add(node);
    },
    onJob: (node: NodeId): boolean => anew.delete(node),
    onBegin: (node: NodeId): boolean => perhapsAnew.delete(node),
    /** What is owed for a return may be forgotten with it. */
    onStateLost(): void {
      for (const map of [seen, back, cameEmpty, last, associationOf]) map.clear();
    },
  };
}
