/**
 * The reference model of what holds runs back: suspends, calendars, dependencies and rings. It judges by what people wished, what
 * machines did and what the journal says, and by the daemon's own clock, which stands in every record.
 */
import type { Instant, NodeId, RunId } from '../../src/core/model/brand.ts';
import type { Outcome } from '../../src/core/model/state.ts';
import type { Record } from '../../src/core/world/records.ts';
import { numberOf } from './keys.ts';
import type { Wish } from './wish.ts';
import { contentOf, isFrozen, SOAK_MS, targetsOf } from './wish.ts';

type Ended = { readonly content: string; readonly failed: boolean; readonly atMs: Instant };

/** How a generation of one association goes through its rings, as the journal tells. */
type Rollout = {
  ring: number;
  passedAt: Instant | null;
  halted: boolean;
  /** Failures of the first ring that a resume or an edit has forgiven. */
  forgiven: number;
};

export type GateModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
  /** What a run executed; null when it was never sent. */
  readonly contentOfRun: (run: RunId) => string | null;
  /** True when this content really ended well on the node. */
  readonly hasSucceeded: (node: NodeId, association: string, content: string) => boolean;
};

export function createGateModel(options: GateModelOptions) {
  const { broken, sometimes, contentOfRun, hasSucceeded } = options;
  /** Association → its rollout; null: the generation may be everywhere. */
  const rollouts = new Map<string, Rollout | null>();
  /**
   * Association and content → the most that was ever forgiven of it. It outlives the state: a branch from which that comes back
   * may be behind, and the state may be lost again before it has come back.
   */
  const forgivenMost = new Map<string, number>();
  /** Association → node → what ended there since it became a target, newest last. */
  const ended = new Map<string, Map<NodeId, Ended[]>>();

  /** Association → what its nodes are to execute. */
  const contents = new Map<string, string | null>();

  /** A new content goes through the rings that were wished. */
  function becomes(name: string, wish: Wish | null, isRolledOut: boolean): void {
    const content = wish === null ? null : contentOf(wish, name);
    const isNew = contents.get(name) !== content;
    contents.set(name, content);
    if (isNew && !isRolledOut && (wish?.associations.get(name)?.ring ?? null) !== null) {
      broken('rollout', `${name} goes everywhere at once`);
    }
  }

  const endedOf = (name: string): Map<NodeId, Ended[]> => {
    const known = ended.get(name) ?? new Map<NodeId, Ended[]>();
    ended.set(name, known);
    return known;
  };

  function onRecord(record: Record, wish: Wish | null): void {
    switch (record.kind) {
      case 'association': {
        const { name, rollout } = record;
        becomes(name, wish, rollout !== null);
        const forgiven = forgive(name, wish);
        rollouts.set(name, rollout === null ? null : { ...rollout, halted: false, forgiven });
        return;
      }
      case 'association-removed':
        rollouts.delete(record.name);
        ended.delete(record.name);
        contents.delete(record.name);
        return;
      case 'unassigned':
        for (const node of record.nodes) endedOf(record.association).delete(node);
        return;
      case 'ring-passed':
        sometimes('ring soaks');
        return change(record.association, { passedAt: record.at });
      case 'ring-opened':
        soaked(record.association, record.at, wish);
        return change(record.association, { ring: record.ring, passedAt: null });
      case 'rollout-ended':
        rollouts.set(record.association, null);
        sometimes('rollout ended');
        return;
      case 'rollout-halted':
        sometimes('rollout halted');
        return change(record.association, { halted: true });
      case 'rollout-resumed': {
        const forgiven = forgive(record.association, wish);
        return change(record.association, { halted: false, forgiven });
      }
      case 'slot':
        return fired(record, wish);
      case 'slot-skipped':
        return skipped(record, wish);
      case 'finished':
        return ends(record.association, record.node, record.outcome);
      case 'recalled':
        return ends(record.association, record.node, record.last.outcome);
      case 'put-node':
        for (const { association, last } of record.assignments) {
          if (last !== null) ends(association, record.value.id, last.outcome);
        }
        return;
      case 'put-association': {
        const { name, rollout } = record.value;
        const content = wish === null ? null : contentOf(wish, name);
        contents.set(name, content);
        const halted = rollout !== null && rollout.halted !== null;
        // The branch may tell of what was forgiven before the state was lost, never of more.
        const most = forgivenMost.get(`${name} ${content}`) ?? 0;
        const forgiven = Math.min(rollout?.forgiven[0] ?? 0, most);
        rollouts.set(name, rollout === null ? null : { ...rollout, halted, forgiven });
        return;
      }
      default:
        return;
    }
  }

  /** All that has failed so far, until more does. */
  function forgive(name: string, wish: Wish | null): number {
    if (wish === null) return 0;
    const forgiven = failures(wish, name);
    const key = `${name} ${contentOf(wish, name)}`;
    forgivenMost.set(key, Math.max(forgiven, forgivenMost.get(key) ?? 0));
    return forgiven;
  }

  function ends(association: string, node: NodeId, outcome: Outcome): void {
    const { status, run, finishedAt: atMs } = outcome;
    const content = contentOfRun(run);
    if (status === 'Skipped' || content === null) return;
    const known = endedOf(association);
    const failed = status === 'Failed' || status === 'TimedOut';
    known.set(node, [...(known.get(node) ?? []), { content, failed, atMs }]);
  }

  function change(name: string, to: Partial<Rollout>): void {
    const rollout = rollouts.get(name);
    if (rollout === undefined || rollout === null) {
      return broken('rollout', `${name} has none, and goes on`);
    }
    rollouts.set(name, Object.assign({ ...rollout }, to));
  }

  /** Only a ring without nodes is skipped; another soaks for as long as was wished. */
  function soaked(name: string, at: Instant, wish: Wish | null): void {
    const targets = wish === null ? [] : targetsOf(wish, name);
    if (targets.every((number) => wish?.nodes.get(number) !== 'web')) return;
    const passedAt = rollouts.get(name)?.passedAt ?? null;
    if (passedAt !== null && at < passedAt + SOAK_MS) broken('rollout', `${name} did not soak`);
  }

  function fired({ association, at }: Record & { kind: 'slot' }, wish: Wish | null): void {
    const each = wish?.associations.get(association);
    if (each === undefined) return;
    if (each.calendar && wish !== null && isFrozen(wish, at))
      broken('calendar', `a slot of ${association} fired in it`);
    if (each.suspendedUntilMs !== null && at < each.suspendedUntilMs) {
      broken('suspend', `a slot of ${association} fired in it`);
    }
  }

  function skipped(
    { association, slot, reason }: Record & { kind: 'slot-skipped' },
    wish: Wish | null,
  ): void {
    const each = wish?.associations.get(association);
    if (each === undefined || reason === 'missed') return;
    sometimes(`slot skipped: ${reason}`);
    const isRight =
      reason === 'calendar'
        ? each.calendar && wish !== null && isFrozen(wish, slot)
        : each.suspendedUntilMs !== null && slot < each.suspendedUntilMs;
    if (!isRight) broken(reason, `a slot of ${association} was skipped without it`);
  }

  /** Nodes of role web whose newest end of the content in force was bad. */
  function failures(wish: Wish, name: string): number {
    const content = contentOf(wish, name);
    return targetsOf(wish, name).filter((number) => {
      if (wish.nodes.get(number) !== 'web') return false;
      const mine = [...endedOf(name)].find(([node]) => numberOf(node) === number)?.[1] ?? [];
      // Outcomes may be told late: only a node that ended nothing else since, and never ended it well, has failed for certain.
      const newest = Math.max(...mine.map(({ atMs }) => atMs));
      return (
        mine.at(-1)?.content === content &&
        mine.every((each) => each.content === content || each.atMs < newest) &&
        mine.every((each) => each.content !== content || each.failed)
      );
    }).length;
  }

  function onOffered(name: string, node: NodeId, at: Instant, wish: Wish): void {
    const each = wish.associations.get(name);
    const content = contentOf(wish, name);
    if (each === undefined || content === null) return;
    if (each.suspendedUntilMs !== null && at < each.suspendedUntilMs) {
      broken('suspend', `${name} is offered in it`);
    }
    if (each.calendar && isFrozen(wish, at)) broken('calendar', `${name} is offered in it`);
    for (const dependency of each.dependsOn) {
      const wanted = contentOf(wish, dependency);
      if (wanted === null || !hasSucceeded(node, dependency, wanted)) {
        broken('dependency', `${name} is offered to ${node} before ${dependency}`);
      }
      sometimes('dependency met');
    }
    const rollout = rollouts.get(name) ?? null;
    if (each.ring === null || rollout === null) return;
    if (
      endedOf(name)
        .get(node)
        ?.some((end) => end.content === content) === true
    )
      return;
    if (wish.nodes.get(numberOf(node)) !== 'web' && rollout.ring === 0) {
      broken('rollout', `${name} is offered to ${node} before its ring`);
    }
    if (rollout.halted || failures(wish, name) - rollout.forgiven > each.ring.maxErrors) {
      broken('rollout', `${name} goes on to ${node} after too many failures`);
    }
  }

  /** What the branch knows comes back with the records of the recovery. */
  function onStateLost(): void {
    rollouts.clear();
    ended.clear();
    contents.clear();
  }

  return { onRecord, onOffered, onStateLost };
}
