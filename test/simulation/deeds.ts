/** What people and the operator do in a story, each deed by its own clock, until it turns quiet. */
import type { CommitId } from '../../src/core/model/brand.ts';
import { present } from '../../src/core/model/errors.ts';
import type { Random } from '../../src/simulate/random.ts';
import { nodeIds } from './keys.ts';
import { createPeople } from './people.ts';
import type { Story } from './story.ts';
import { named } from './story.ts';
import type { DeedKind } from './swarm.ts';
import { deedKinds, rareDeedKinds } from './swarm.ts';
import { inForce } from './wish.ts';

export function beginDeeds(story: Story): void {
  const { host, swarm, random } = story;
  const people = createPeople(random.split('people'), { ...swarm, startMs: story.startMs });
  const first = host.commit(people.firstWish(swarm.nodes, swarm.associations), null, 'begin');
  host.source = first.id;
  for (const kind of [...deedKinds, ...rareDeedKinds]) {
    const meanMs = swarm.deeds[kind];
    if (meanMs === null) continue;
    const mine = random.split(`deed ${kind}`);
    const next = (): void => {
      story.timeline.after(mine.exponential(meanMs), kind, () => {
        if (story.quiet) return;
        story.trace(`deed ${kind}`);
        act(story, kind, mine, people);
        next();
      });
    };
    next();
  }
}

function act(
  story: Story,
  kind: DeedKind,
  random: Random,
  people: ReturnType<typeof createPeople>,
): void {
  const { host, model, swarm } = story;
  switch (kind) {
    case 'pause':
      return story.ask({ kind: 'pause' });
    case 'resume':
      return story.ask({ kind: 'resume', association: null });
    case 'resumeSome': {
      const names = [...(model.wish?.associations.keys() ?? [])];
      if (names.length > 0) {
        story.ask({ kind: 'resume', association: named(random.pick(names)) });
      }
      return;
    }
    case 'run':
    case 'runSome':
      return run(story, kind, random);
    case 'cancel': {
      const executions = [...(story.daemon.running?.world.state.executions.values() ?? [])];
      const open = executions.filter(({ endedAt }) => endedAt === null);
      if (open.length > 0) story.ask({ kind: 'cancel', execution: random.pick(open).id });
      return;
    }
    case 'accept':
      return acceptTip(story);
    case 'changeProgram':
      return story.changeProgram(random.exponential(20_000));
    case 'forcePush': {
      const past = pastOf(story, 4);
      const onto = past.at(-1);
      if (past.length < 3 || onto === undefined) return;
      const wish = people.next('editText', host.commitOf(onto).wish, null, 0);
      if (wish === null) return;
      story.sometimes('source rewritten');
      host.source = host.commit(wish, onto, 'rewritten').id;
      return;
    }
    case 'deleteBranch': {
      const tip = host.source;
      if (tip === null) return;
      story.sometimes('source branch deleted');
      host.source = null;
      story.timeline.after(random.exponential(10 * swarm.pace.unitMs), 'branch comes back', () => {
        host.source ??= tip;
      });
      return;
    }
    case 'revert': {
      const past = pastOf(story, 4);
      const [tip] = past;
      const old = past[random.integer(1, 3)];
      if (tip === undefined || old === undefined) return;
      story.sometimes('reverted');
      host.source = host.commit(host.commitOf(old).wish, tip, 'revert').id;
      return;
    }
    default: {
      const tip = host.source;
      if (tip === null) return;
      const { wish } = host.commitOf(tip);
      const spare = wish.nodes.size < story.swarm.nodes + story.swarm.nodesLater;
      const free = story.nodes.find(({ number }) => !wish.nodes.has(number));
      const number = spare && free !== undefined ? free.number : null;
      const next = people.next(kind, wish, number, story.daemon.clock.now());
      if (next === null) return;
      const asked = random.chance(0.5)
        ? `\n\nReconciled-Allow-Delete: ${wish.associations.size}`
        : '';
      host.source = host.commit(next, tip, `${kind}${kind === 'removeMost' ? asked : ''}`).id;
      if (kind === 'editCalendar') story.sometimes('a commit of calendars alone');
      if (
        model.wish !== null &&
        kind === 'break' &&
        inForce(model.wish, next).associations.size > 0
      ) {
        story.sometimes('a file broken');
      }
    }
  }
}

function run(story: Story, kind: 'run' | 'runSome', random: Random): void {
  const { wish } = story.model;
  if (wish === null || wish.associations.size === 0 || wish.nodes.size === 0) return;
  const association = named(random.pick([...wish.associations.keys()]));
  const [number] = random.pick([...wish.nodes]);
  const nodes = kind === 'run' ? null : [present(nodeIds[number], 'a node has an id')];
  story.ask({ kind: 'run', associations: [association], nodes });
}

/** An operator names the tip, whatever it is. */
export function acceptTip(story: Story): void {
  const { host, model, daemon } = story;
  const tip = host.source;
  if (tip === null || daemon.running === null || model.accepted === null) return;
  // Named again although it is in force: the word that nodes wait for which have seen more.
  const isWaitedFor = daemon.running.world.seen.size > 0;
  if ((tip === model.accepted && !isWaitedFor) || model.isStateLost) return;
  model.allow(tip);
  story.trace('operator accepts the tip');
  daemon.running.accept(tip).then(() => story.sometimes('operator accepted'), story.fail);
}

/** Newest first. */
function pastOf(story: Story, count: number): readonly CommitId[] {
  const past: CommitId[] = [];
  for (let at = story.host.source; at !== null && past.length < count; ) {
    past.push(at);
    at = story.host.commitOf(at).parent;
  }
  return past;
}
