/** Plays one seed to its end: the active part, the quiet part, and what must be true then. */
import { assess } from '../../src/core/compliance/assess.ts';
import { instant } from '../../src/core/model/brand.ts';
import type { AssignmentStanding, AssociationStanding } from '../../src/core/model/standing.ts';
import { boundWaiting, waitingOf } from '../../src/core/world/waiting.ts';
import type { World } from '../../src/core/world/world.ts';
import { acceptTip, beginDeeds } from './deeds.ts';
import { overdueHistory } from './history.ts';
import { nodeIds, numberOf } from './keys.ts';
import { beginMisfortunes, endMisfortunes } from './misfortunes.ts';
import type { NodeFile, Truth } from './model.ts';
import { hasSucceeded, Violation } from './model.ts';
import type { Story, StoryOptions } from './story.ts';
import { createStory, named } from './story.ts';
import type { AssociationWish } from './wish.ts';
import { calendarStateOf, contentOf, isFrozen, SHIPPED, targetsOf } from './wish.ts';

const MINUTE = 60_000;
const EVENTS_MAX = 60_000;
/** The operator has had time to put things right; whatever waits for anything has had its time after the second. */
const QUIET_UNITS = 25;
const SETTLE_UNITS_MAX = 225;
/** Between two looks at whether all has come right: so much of a unit. */
const LOOK_SHARE = 1 / 12;
/** What has ended is rolled up hourly, where looks are not hours apart. */
const HISTORY_MS = 24 * 60 * MINUTE;

export type Played = {
  readonly seed: bigint;
  readonly events: number;
  readonly virtualMs: number;
  readonly hash: number;
  readonly situations: ReadonlyMap<string, number>;
  /** What was wrong; null when every promise was kept. */
  readonly failure: Error | null;
};

type PlayOptions = StoryOptions & { readonly steps?: number };

export async function play(seed: bigint, options: PlayOptions = {}): Promise<Played> {
  const takeBack = options.plant?.shared?.();
  try {
    return await playThrough(seed, options);
  } finally {
    takeBack?.();
  }
}

async function playThrough(seed: bigint, options: PlayOptions): Promise<Played> {
  const story = createStory(seed, options);
  const { timeline, swarm } = story;
  const { unitMs } = swarm.pace;
  const stepsMax = options.steps ?? Infinity;
  const run = (untilMs: number, until: () => boolean = () => false): Promise<void> =>
    timeline.run(untilMs, {
      onEvent: (label) => story.trace(label),
      keepGoing: () =>
        story.failure() === null && timeline.count < Math.min(stepsMax, EVENTS_MAX) && !until(),
    });
  beginDeeds(story);
  beginMisfortunes(story);
  story.startDaemon();
  for (const node of story.nodes.slice(0, swarm.nodes + swarm.nodesLater)) story.startAgent(node);
  // Where nothing else is to happen, time would pass before anybody has begun.
  if (swarm.pace.leaps) timeline.after(0, 'the story begins', () => undefined);
  await run(swarm.activeMs);
  if (story.failure() === null && timeline.count < stepsMax) {
    calm(story);
    const settledAtMs = timeline.nowMs + QUIET_UNITS * unitMs;
    await run(settledAtMs);
    let open: readonly string[] = [];
    let lookedAtMs = 0;
    await run(settledAtMs + SETTLE_UNITS_MAX * unitMs, () => {
      if (timeline.nowMs < lookedAtMs + LOOK_SHARE * unitMs) return false;
      lookedAtMs = timeline.nowMs;
      open = unsettled(story);
      bringBack(story);
      return open.length === 0;
    });
    if (story.failure() === null && timeline.count < stepsMax && open.length > 0) {
      story.fail(new Violation(`liveness: ${open.slice(0, 8).join('; ')}`));
    }
  }
  const failure = story.failure();
  return {
    seed,
    events: timeline.count,
    virtualMs: timeline.nowMs,
    hash: story.traceHash(),
    situations: story.situations,
    failure: failure === null || failure instanceof Error ? failure : new Error(String(failure)),
  };
}

/** All faults end, everybody is back, and the operator puts right what only an operator can. */
function calm(story: Story): void {
  story.quiet = true;
  story.trace('quiet');
  endMisfortunes(story);
  for (const node of story.nodes) {
    if (Math.abs(node.clock.skewMs - story.daemon.clock.skewMs) > MINUTE) {
      node.clock.step(story.daemon.clock.skewMs - node.clock.skewMs);
    }
  }
  const againMs = 20 * story.swarm.pace.unitMs;
  const putRight = (): void => {
    story.ask({ kind: 'resume', association: null });
    for (const name of story.swarm.gated ? (story.model.wish?.associations.keys() ?? []) : []) {
      story.ask({ kind: 'resume', association: named(name) });
    }
    const held = story.daemon.running?.world.state.held ?? null;
    const isWaitedFor = (story.daemon.running?.world.seen.size ?? 0) > 0;
    if (isWaitedFor || (held !== null && held.code !== 'SourceGone')) acceptTip(story);
    story.timeline.after(againMs, 'operator puts things right', putRight);
  };
  story.timeline.after(againMs, 'operator puts things right', putRight);
}

/** What has not come right, in words; empty when all is well. */
function unsettled(story: Story): readonly string[] {
  const { model, daemon, nodes } = story;
  const { wish } = model;
  const world = daemon.running?.world;
  if (world === undefined || wish === null) return ['the daemon has no revision'];
  if (world.state.paused !== null) return ['still paused'];
  const problems: string[] = [];
  for (const node of nodes) {
    if (node.agent === null || !wish.nodes.has(node.number)) continue;
    const { spool, active } = node.agent.state;
    if (active !== null) problems.push(`node ${node.number} runs`);
    if (spool.size > 0) problems.push(`node ${node.number} has unacked results`);
    if (!node.agent.isWelcome) problems.push(`node ${node.number} is not connected`);
  }
  const names = [...world.state.associations.keys()].sort();
  const wanted = [...wish.associations.keys()].sort();
  if (names.join() !== wanted.join())
    problems.push(`in force ${names.join()}, wanted ${wanted.join()}`);
  if (problems.length > 0) return problems;
  problems.push(...silentRuns(story));
  problems.push(...unconverged(story, world));
  return problems.length > 0 ? problems : unpublished(story, world);
}

/** P4: whatever began is accounted for, in the daemon's journal or, after it was lost, in the node's ledger. */
function silentRuns({ model, nodes }: Story): readonly string[] {
  return (
    [...model.truths.values()]
      .filter(({ begunAtMs, accounted }) => begunAtMs !== null && !accounted)
      // Of what a daemon never heard, and the node has forgotten, nobody can tell.
      .filter(({ isForgotten, isHeard }) => !isForgotten || isHeard)
      .filter(({ node, job }) => {
        const ledger = nodes[numberOf(node)]?.agent?.state;
        return (
          model.wish?.nodes.has(numberOf(node)) === true && ledger?.ended.get(job.run) === undefined
        );
      })
      .map(({ job }) => `run ${job.run} of ${job.association} began and is not accounted for`)
  );
}

/**
 * Of a run whose start a daemon never heard of, or had heard of in a state that was lost since, its node alone knows, and a node
 * that is off tells nothing: it is switched on, and then must tell. Every other run the daemon has to account for by itself.
 */
function bringBack({ model, nodes, startAgent, sometimes, trace }: Story): void {
  for (const { begunAtMs, accounted, isHeard, isForgotten, node, job } of model.truths.values()) {
    const actor = nodes[numberOf(node)];
    if (begunAtMs === null || accounted || isHeard || isForgotten || actor?.off !== true) continue;
    if (model.wish?.nodes.has(actor.number) !== true) continue;
    trace(`node ${actor.number} is brought back for ${job.run}`);
    sometimes('brought back, as it alone knew of a run');
    startAgent(actor);
  }
}

/** Association and node → what began there last. */
function lastTruths(truths: Iterable<Truth>): ReadonlyMap<string, Truth> {
  const last = new Map<string, Truth>();
  for (const truth of truths) {
    const key = `${truth.job.association} ${truth.node}`;
    if (truth.begunAtMs !== null && truth.begunAtMs >= (last.get(key)?.begunAtMs ?? 0)) {
      last.set(key, truth);
    }
  }
  return last;
}

function unconverged(story: Story, world: World): readonly string[] {
  const { model, daemon, nodes } = story;
  const { wish } = model;
  if (wish === null) return [];
  const problems: string[] = [];
  const last = lastTruths(model.truths.values());
  const standings = standingsOf(world, daemon);
  for (const [name, each] of wish.associations) {
    const content = contentOf(wish, name);
    for (const number of targetsOf(wish, name)) {
      const id = nodeIds[number];
      if (id === undefined || nodes[number]?.agent == null) continue;
      const standing = standings.of(id).find(({ association }) => association === name);
      if (standing === undefined) {
        problems.push(`${name} is not assigned to node ${number}`);
        continue;
      }
      const ran = last.get(`${name} ${id}`);
      const success = ran !== undefined && hasSucceeded(ran);
      const reported = each.manual ? model.reported(id, name) : undefined;
      if (reported !== undefined && standing.compliance !== reported) {
        problems.push(
          `${name} on node ${number} shows ${standing.compliance}, its documents say ${reported}`,
        );
      }
      if (standing.status === 'Success' && !(success && ran.content === content)) {
        problems.push(`${name} on node ${number} shows Success, the machine knows better`);
      }
      const waits = standing.waiting !== null && isHeld(story, world, standing);
      const isUntouched = standing.detailedStatus === 'Associated';
      const skipped =
        standing.detailedStatus === 'Skipped' || (isUntouched && isLeftToSlots(model, name));
      if (waits || skipped) continue;
      if (standing.status === 'Pending') {
        problems.push(
          `${name} on node ${number} is ${standing.detailedStatus} (${standing.waiting?.reason ?? 'out'})`,
        );
      } else if (!each.flag && model.isOutdated(id, ran?.begunAtMs ?? 0)) {
        problems.push(`${name} on node ${number} ran last before its return from far`);
      } else if (ran?.content !== content) {
        problems.push(`${name} on node ${number} ran "${ran?.content}", wanted "${content}"`);
      } else if (success !== (standing.status === 'Success')) {
        problems.push(
          `${name} on node ${number} is ${standing.detailedStatus}, the machine says ${success}`,
        );
      }
    }
  }
  return problems;
}

/** Its edits start nothing, somebody cancelled what they had started, or a program has brought what it is to run. */
const isLeftToSlots = (model: Story['model'], name: string): boolean => {
  const each = model.wish?.associations.get(name);
  if (each === undefined) return false;
  return each.flag || model.wasCancelled(name) || isBrought(each);
};

/** By a program, and no slot runs it before settling is over. */
const isBrought = (each: AssociationWish): boolean => each.document === SHIPPED && !comesSoon(each);

/** What is in force now was begun on the node last. */
function hasBegun({ wish, truths }: Story['model'], name: string, number: number): boolean {
  const ran = lastTruths(truths.values()).get(`${name} ${nodeIds[number]}`);
  return wish !== null && ran?.content === contentOf(wish, name);
}

/** A slot that settling outlasts. */
const comesSoon = ({ schedule, timezone }: AssociationWish): boolean =>
  schedule !== null && !schedule.startsWith('at(') && timezone === null;

/** It waits for what people wished, and that is really so. */
function isHeld(
  { model, daemon, nodes }: Story,
  world: World,
  standing: AssignmentStanding,
): boolean {
  const { association, waiting } = standing;
  const each = model.wish?.associations.get(association);
  if (model.wish === null || each === undefined) return false;
  const now = daemon.clock.now();
  switch (waiting?.reason) {
    case 'error-threshold':
      return true;
    case 'schedule':
      return isLeftToSlots(model, association);
    case 'suspended':
      return each.suspendedUntilMs !== null && now < each.suspendedUntilMs;
    case 'calendar':
      return each.calendar && isFrozen(model.wish, now);
    case 'dependency':
      return each.dependsOn.length > 0;
    case 'rollout': {
      const { wish } = model;
      const first = targetsOf(wish, association).filter((n) => wish.nodes.get(n) === 'web');
      const isAway = first.length > 0 && first.every((n) => nodes[n]?.agent == null);
      // A first ring that waits for its dependency or for the next execution, or runs against its threshold, holds the others.
      const { rollout } = world.state.associations.get(association) ?? {};
      const isStuck =
        each.dependsOn.length > 0 ||
        each.flag ||
        model.wasCancelled(association) ||
        (isBrought(each) && first.some((n) => !hasBegun(model, association, n)));
      return (
        isAway || isStuck || (rollout?.halted ?? null) !== null || isStopped(world, association)
      );
    }
    case undefined:
    default:
      return false;
  }
}

function isStopped(world: World, name: AssociationStanding['association']): boolean {
  const open = world.state.associations.get(name)?.open ?? null;
  return open !== null && (world.state.executions.get(open)?.stopped ?? null) !== null;
}

function standingsOf(world: World, daemon: Story['daemon']) {
  return assess({
    now: daemon.clock.now(),
    state: world.state,
    definitions: world.revision?.definitions ?? new Map(),
    nodes: world.fleet.nodes,
    boundWaiting: (name) => boundWaiting(world, name),
    waitingOf: (execution, run) => waitingOf(world, execution, run),
  });
}

/** The branch says what the daemon says. */
function unpublished({ host, daemon, model, swarm }: Story, world: World): readonly string[] {
  const tree = host.statusTip?.tree;
  if (tree === undefined) return ['there is no status branch'];
  const standings = standingsOf(world, daemon);
  const problems: string[] = [];
  for (const number of model.wish?.nodes.keys() ?? []) {
    const id = nodeIds[number];
    if (id === undefined) continue;
    const path = [...tree.keys()].find((each) => each.endsWith(`${id}.json`));
    const bytes = path === undefined ? undefined : tree.get(path);
    if (bytes === undefined) {
      problems.push(`node ${number} is not on the branch`);
      continue;
    }
    const file = JSON.parse(bytes.toString()) as NodeFile;
    const said = file.Associations.map((line) => `${line.AssociationName} ${line.Status}`);
    const meant = standings.of(id).map((each) => `${each.association} ${each.status}`);
    if (said.join() !== meant.join())
      problems.push(`the branch says ${said.join()}, not ${meant.join()}`);
  }
  for (const [name, each] of model.wish?.associations ?? []) {
    if (!each.calendar || model.wish === null) continue;
    const said = calendarStateIn(tree.get(`associations/${name}/status.json`));
    const meant = calendarStateOf(model.wish, daemon.clock.now());
    if (said !== meant) problems.push(`calendar: ${name} is told ${said}, not ${meant}`);
  }
  if (swarm.pace.leaps) {
    const gone = model.unpublished(instant(daemon.clock.now() - HISTORY_MS));
    if (gone.length > 0) problems.push(`${gone.length} ended executions are not on the branch`);
    const overdue = overdueHistory(tree.keys(), daemon.clock.now());
    if (overdue.length > 0) problems.push(`history: ${overdue[0]} is still on the branch`);
  }
  return problems;
}

type CalendarFile = {
  readonly CalendarState?: { readonly State: string; readonly NextTransitionTime?: string };
};

function calendarStateIn(bytes: Buffer | undefined): string {
  const { CalendarState: told } = JSON.parse(bytes?.toString() ?? '{}') as CalendarFile;
  return told === undefined
    ? 'nothing'
    : `${told.State} until ${told.NextTransitionTime ?? 'no end'}`;
}
