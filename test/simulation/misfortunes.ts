/** What goes wrong, each by its own clock, until the story turns quiet. */
import type { MachineClock } from '../../src/simulate/machine-clock.ts';
import type { Random } from '../../src/simulate/random.ts';
import type { NodeActor, Story } from './story.ts';
import type { FaultKind } from './swarm.ts';
import { faultKinds, rareFaultKinds } from './swarm.ts';

const MINUTE = 60_000;

/** Begins every misfortune that this story's swarm has drawn. */
export function beginMisfortunes(story: Story): void {
  for (const kind of [...faultKinds, ...rareFaultKinds]) {
    const meanMs = story.swarm.faults[kind];
    if (meanMs === null) continue;
    const random = story.random.split(`fault ${kind}`);
    const next = (): void => {
      story.timeline.after(random.exponential(meanMs), kind, () => {
        if (story.quiet) return;
        story.trace(`fault ${kind}`);
        strike(story, kind, random);
        next();
      });
    };
    next();
  }
}

function strike(story: Story, kind: FaultKind, random: Random): void {
  const { host, daemon } = story;
  const node = victim(story, random);
  const { unitMs, outageMs } = story.swarm.pace;
  switch (kind) {
    case 'killDaemon':
      return story.killDaemon('kill', random.exponential(5_000));
    case 'powerDaemon':
      return story.killDaemon('power', random.exponential(2 * unitMs));
    case 'crashDaemonDisk':
      return daemon.disk.crashWithin(random.integer(1, 40));
    case 'loseState':
      return loseState(story, random.exponential(20_000));
    case 'loseStateBehind':
      return loseStateBehind(story, random);
    case 'oldHost':
      return oldHost(story, random);
    case 'daemonDiskFails':
      return during(story, random.exponential(MINUTE), () => {
        daemon.disk.fail(random.pick(['full', 'io']));
        return () => daemon.disk.fail(null);
      });
    case 'stepDaemonClock':
      story.sometimes('daemon clock set');
      return stepClock(story, daemon.clock, random.pick([-60, -20, -1, 1, 45, 300]), random);
    case 'killAgent':
      return story.killAgent(node, 'kill', random.exponential(10_000));
    case 'crashAgentDisk':
      return node.disk.crashWithin(random.integer(1, 25));
    case 'agentDiskFails':
      return during(story, random.exponential(2 * MINUTE), () => {
        node.disk.fail(random.pick(['full', 'io']));
        return () => node.disk.fail(null);
      });
    case 'rebootNode':
      return story.killAgent(node, 'power', 30_000 + random.exponential(MINUTE));
    case 'nodeOff':
      story.sometimes('node off for long');
      return story.killAgent(node, random.pick(['kill', 'power']), random.exponential(90 * unitMs));
    case 'reimageNode':
      return story.reimage(node, MINUTE + random.exponential(5 * MINUTE));
    case 'stepNodeClock':
      story.sometimes('node clock set');
      return stepClock(story, node.clock, random.pick([-10, -2, 2, 10]), random);
    case 'cutConnection':
      return cut(node, 0, random.integer(0, 2_000), story);
    case 'partition':
      return during(story, random.exponential(10 * unitMs), () => partition(story, random));
    case 'sourceDown':
      return during(story, random.exponential(10 * unitMs), () => flag(host.faults, 'sourceDown'));
    case 'statusDown':
      return during(story, random.exponential(outageMs), () => flag(host.faults, 'statusDown'));
    case 'loseAnswer':
      story.sometimes('answer to a push lost');
      host.faults.loseAnswer = true;
      return;
    case 'race':
      story.sometimes('push lost a race');
      host.faults.race = true;
      return;
    case 'editStatus':
      story.sometimes('status branch edited by hand');
      return host.scribble('README.md', 'all is well');
    case 'deleteStatus':
      if (story.model.isStateLost) return; // branch and state both lost: an operator's matter
      story.sometimes('status branch deleted');
      return host.deleteStatus();
  }
}

/** A clock that is wrong stays so in stories of hours; in months somebody notices that no node takes a job. */
function stepClock(story: Story, clock: MachineClock, minutes: number, random: Random): void {
  clock.step(minutes * MINUTE);
  const { wrongMs } = story.swarm.pace;
  if (wrongMs === null) return;
  during(story, random.exponential(wrongMs), () => () => clock.step(-minutes * MINUTE));
}

function loseState(story: Story, downMs: number): void {
  const { host, daemon, model } = story;
  if (host.statusTip === null || host.statusTip.seq === null) return;
  story.killDaemon('kill', downMs);
  daemon.disk.lose();
  model.onStateLost();
}

/** The branch does not have the newest of it, and the source is away while it is rebuilt. */
function loseStateBehind(story: Story, random: Random): void {
  const { faults } = story.host;
  const [behindMs, awayMs, downMs] = [6, 4, 0.2].map((mean) => random.exponential(mean * MINUTE));
  during(story, behindMs ?? 0, () => flag(faults, 'statusDown'));
  story.timeline.after(behindMs ?? 0, 'state lost', () => {
    if (story.quiet) return;
    during(story, awayMs ?? 0, () => flag(faults, 'sourceDown'));
    loseState(story, downMs ?? 0);
    story.sometimes('state lost while the branch was behind');
  });
}

/** Somebody copies the state directory, and some time later a daemon is started from that copy in place of the true one. */
function oldHost(story: Story, random: Random): void {
  const copy = story.copyState();
  const [afterMs, forMs] = [10, 2].map((mean) => (0.2 + random.exponential(mean)) * MINUTE);
  story.timeline.after(afterMs ?? 0, 'old host', () => {
    if (copy !== null && !story.quiet) story.startOldHost(copy, forMs ?? 0);
  });
}

/** A node of this story; as often as not one that is at work, since there it hurts. */
function victim({ nodes, swarm }: Story, random: Random): NodeActor {
  const ours = nodes.slice(0, swarm.nodes + swarm.nodesLater);
  const busy = ours.filter(({ machine }) => machine.running > 0);
  return random.pick(busy.length > 0 && random.chance(0.5) ? busy : ours);
}

/** The end of a misfortune comes early when the story turns quiet. */
const endings = new WeakMap<Story, Set<() => void>>();

function during(story: Story, ms: number, begin: () => () => void): void {
  const stop = begin();
  const ends = endings.get(story) ?? new Set();
  endings.set(story, ends);
  ends.add(stop);
  story.timeline.after(ms, 'fault ends', () => {
    if (!ends.delete(stop)) return;
    stop();
  });
}

export function endMisfortunes(story: Story): void {
  for (const stop of endings.get(story) ?? []) stop();
  endings.get(story)?.clear();
  for (const { disk } of [story.daemon, ...story.nodes]) disk.crashWithin(null);
  Object.assign(story.host.faults, { loseAnswer: false, race: false });
}

function flag<Name extends string>(flags: { [name in Name]: boolean }, name: Name): () => void {
  flags[name] = true;
  return () => {
    flags[name] = false;
  };
}

function cut(node: NodeActor, agentMs: number, daemonMs: number, story: Story): void {
  const wire = node.agent?.wire;
  if (wire == null) return;
  story.sometimes('connection cut');
  wire.cut({ agent: agentMs, daemon: daemonMs });
}

/** Half-open at first: each end finds out when its heartbeats stay away. */
function partition(story: Story, random: Random): () => void {
  const cutOff = story.nodes.filter(() => random.chance(0.4));
  for (const node of cutOff) {
    node.cutOff = true;
    const wires = [node.agent?.wire ?? null];
    for (const wire of wires) {
      wire?.cut({ agent: random.integer(0, 75_000), daemon: random.integer(0, 75_000) });
    }
  }
  story.sometimes('partition');
  return () => {
    for (const node of cutOff) node.cutOff = false;
  };
}
