/**
 * The reference model of what holds runs back: suspends, calendars, dependencies and rings. It judges by what people wished, what
 * machines did and what the journal says, and by the daemon's own clock, which stands in every record.
 */
import type { Instant, NodeId, RunId } from '../../src/core/model/brand.ts';
import type { Outcome } from '../../src/core/model/state.ts';
import type { Record } from '../../src/core/world/records.ts';
import { nodeIds, numberOf } from './keys.ts';
import type { Wish } from './wish.ts';
import { contentOf, isFrozen, SOAK_MS, targetsOf } from './wish.ts';

type Ended = { readonly content: string; readonly failed: boolean; readonly atMs: Instant };

/** How a generation of one association goes through its rings, as the journal tells. */
type Rollout = {
  ring: number;
  passedAt: Instant | null;
  halted: boolean;
  /** Of what generation. */
  generation: string;
  /** Nodes that may have failed when a resume, or an edit of what was halted, forgave all failures: none of them has to halt it. */
  forgiven: Nodes;
  /** Of those the ones that had failed for certain and do since: none of them may halt it. */
  surelyForgiven: Nodes;
};

type Nodes = ReadonlySet<NodeId>;

export type GateModelOptions = {
  readonly broken: (promise: string, detail: string) => never;
  readonly sometimes: (situation: string) => void;
  /** What a run executed; null when it was never sent. */
  readonly contentOfRun: (run: RunId) => string | null;
  readonly associationOf: (execution: string) => string | null;
  /** True when this content really ended well on the node. */
  readonly hasSucceeded: (node: NodeId, association: string, content: string) => boolean;
};

export function createGateModel(options: GateModelOptions) {
  const { broken, sometimes, contentOfRun, associationOf, hasSucceeded } = options;
  /** Association → its rollout; null: the generation may be everywhere. */
  const rollouts = new Map<string, Rollout | null>();
  /**
   * Association and content → who was ever forgiven of it. It outlives the state: a branch from which that comes back may be
   * behind, and the state may be lost again before it has come back.
   */
  const everForgiven = new Map<string, Nodes>();
  /** Runs that are unreachable, with their nodes and associations. */
  const silent = new Map<RunId, { readonly node: NodeId; readonly name: string | null }>();
  /** Association → each of its targets → what ended there since it became one, newest last. */
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
        if (rollout === null) rollouts.set(name, null);
        else rollouts.set(name, { ...rollout, halted: false, ...edited(record, wish) });
        return;
      }
      case 'association-removed':
        rollouts.delete(record.name);
        ended.delete(record.name);
        contents.delete(record.name);
        return;
      case 'assigned':
        for (const node of record.nodes) endedOf(record.association).set(node, []);
        return;
      case 'unassigned':
        for (const node of record.nodes) {
          endedOf(record.association).delete(node);
          leaves('forgiven', record.association, node);
          leaves('surelyForgiven', record.association, node);
        }
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
        mayHalt(record, wish);
        return change(record.association, { halted: true });
      case 'rollout-resumed': {
        return change(record.association, { halted: false, ...forgive(record.association, wish) });
      }
      case 'slot':
        return fired(record, wish);
      case 'slot-skipped':
        return skipped(record, wish);
      case 'unreachable':
        silent.set(record.run, { node: record.node, name: associationOf(record.execution) });
        return;
      case 'started':
        silent.delete(record.run);
        return;
      case 'finished':
        silent.delete(record.outcome.run);
        return ends(record.association, record.node, record.outcome);
      case 'recalled':
        return ends(record.association, record.node, record.last.outcome);
      case 'put-node':
        for (const { association, last } of record.assignments) {
          endedOf(association).set(record.value.id, []);
          if (last !== null) ends(association, record.value.id, last.outcome);
        }
        return;
      case 'put-association': {
        const { name, rollout, digests } = record.value;
        const content = wish === null ? null : contentOf(wish, name);
        contents.set(name, content);
        const halted = rollout !== null && rollout.halted !== null;
        // The branch may tell of what was forgiven before the state was lost, never of more.
        const ever = everForgiven.get(`${name} ${content}`) ?? new Set();
        const forgiven = new Set(rollout?.forgiven.filter((node) => ever.has(node)));
        const kept = {
          generation: digests.generation,
          forgiven,
          surelyForgiven: new Set<NodeId>(),
        };
        rollouts.set(name, rollout === null ? null : { ...rollout, halted, ...kept });
        return;
      }
      default:
        return;
    }
  }

  type Forgiven = Pick<Rollout, 'forgiven' | 'surelyForgiven'>;

  /** Whoever has failed so far. */
  function forgive(name: string, wish: Wish | null): Forgiven {
    if (wish === null) return { forgiven: new Set(), surelyForgiven: new Set() };
    const surelyForgiven = new Set(failed(wish, name));
    const forgiven = new Set([...surelyForgiven, ...suspects(wish, name)]);
    const key = `${name} ${contentOf(wish, name)}`;
    everForgiven.set(key, new Set([...forgiven, ...(everForgiven.get(key) ?? [])]));
    return { forgiven, surelyForgiven };
  }

  /** Another generation begins anew; an edit forgives what has halted, and changes nothing else. */
  function edited(
    { name, digests: { generation } }: Record & { kind: 'association' },
    wish: Wish | null,
  ): Forgiven & Pick<Rollout, 'generation'> {
    const before = rollouts.get(name);
    if (before?.generation !== generation) {
      return { ...forgive(name, wish), surelyForgiven: new Set(), generation };
    }
    return { ...(before.halted ? forgive(name, wish) : before), generation };
  }

  function leaves(set: keyof Forgiven, name: string, node: NodeId): void {
    const rollout = rollouts.get(name);
    if (rollout?.[set].has(node) !== true) return;
    rollouts.set(name, {
      ...rollout,
      [set]: new Set([...rollout[set]].filter((id) => id !== node)),
    });
  }

  function ends(association: string, node: NodeId, outcome: Outcome): void {
    const { status, run, finishedAt: atMs } = outcome;
    const content = contentOfRun(run);
    if (status === 'Skipped' || content === null) return;
    const known = endedOf(association).get(node);
    if (known === undefined) return sometimes('told of a run where it is no target any more');
    const failed = status === 'Failed' || status === 'TimedOut';
    known.push({ content, failed, atMs });
    if (failed) return;
    if (rollouts.get(association)?.surelyForgiven.has(node) === true) {
      sometimes('a node that a rollout has forgiven is well again');
    }
    leaves('surelyForgiven', association, node);
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

  /** Nodes whose newest end of the content in force was bad. */
  function failed(wish: Wish, name: string): readonly NodeId[] {
    const content = contentOf(wish, name);
    return nodesOf(wish, name).filter((node) => {
      const mine = endedOf(name).get(node) ?? [];
      // Outcomes may be told late: only a node that ended nothing else since, and never ended it well, has failed for certain.
      const newest = Math.max(...mine.map(({ atMs }) => atMs));
      return (
        mine.at(-1)?.content === content &&
        mine.every((each) => each.content === content || each.atMs < newest) &&
        mine.every((each) => each.content !== content || each.failed)
      );
    });
  }

  /** Nodes that have failed at the content in force, and may be well again, and those that are silent. */
  function suspects(wish: Wish, name: string): readonly NodeId[] {
    const content = contentOf(wish, name);
    const away = [...silent.values()].filter((each) => each.name === name).map(({ node }) => node);
    return nodesOf(wish, name).filter((node) => {
      const mine = endedOf(name).get(node) ?? [];
      return mine.some((each) => each.content === content && each.failed) || away.includes(node);
    });
  }

  const nodesOf = (wish: Wish, name: string): readonly NodeId[] =>
    targetsOf(wish, name).flatMap((number) => nodeIds[number] ?? []);

  /** Of them those in the first ring. */
  const inFirst = (wish: Wish, nodes: readonly NodeId[]): readonly NodeId[] =>
    nodes.filter((node) => wish.nodes.get(numberOf(node)) === 'web');

  /** More than are borne may have failed of the first ring, beside those that were forgiven. */
  function mayHalt(
    { association, ring }: Record & { kind: 'rollout-halted' },
    wish: Wish | null,
  ): void {
    const wished = wish?.associations.get(association)?.ring ?? null;
    if (wish === null || wished === null || ring !== 0) return;
    const forgiven = rollouts.get(association)?.surelyForgiven;
    const bad = inFirst(wish, suspects(wish, association)).filter(
      (id) => forgiven?.has(id) !== true,
    );
    if (bad.length > wished.maxErrors) return;
    broken('rollout', `${association} halts for failures that were forgiven`);
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
    const bad = inFirst(wish, failed(wish, name)).filter((id) => !rollout.forgiven.has(id));
    if (rollout.halted || bad.length > each.ring.maxErrors) {
      broken('rollout', `${name} goes on to ${node} after too many failures`);
    }
  }

  /** What the branch knows comes back with the records of the recovery. */
  function onStateLost(): void {
    rollouts.clear();
    ended.clear();
    silent.clear();
    contents.clear();
  }

  return { onRecord, onOffered, onStateLost };
}
