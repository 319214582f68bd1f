/**
 * kill -9 of the daemon and of agents in the middle of rollouts, and what must be true afterwards. The short versions run
 * with the tests; by hand: node --import tsx test/real/kill-loop.ts --daemon 100 --agents 100
 */
import assert from 'node:assert/strict';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { processStart } from '../../src/agent/executor/process.ts';
import { association, mark, scripts } from './files.ts';
import type { Fleet } from './fleet.ts';
import { openFleet, STATUS_BRANCH } from './fleet.ts';

export type KillFigures = {
  readonly daemonKills: number;
  readonly agentKills: number;
  /** Steps that were under way and killed together with their agent. */
  readonly stepsCut: number;
  readonly generations: number;
  readonly runsStarted: number;
  readonly runsSucceeded: number;
  readonly runsInterrupted: number;
  readonly seconds: number;
};

const NODES = ['a', 'b', 'c', 'd'] as const;
const MARKS = 'marks';
const STEP_SECONDS = '0.3';
/** Every third kill of an agent takes the step with it. */
const WITH_SUPERVISOR_EVERY = 3;
/** Of so many kills some meet a step, on the slowest machine: otherwise Interrupted was not tried at all. */
const ENOUGH_TO_CUT = 20;

const generation = (n: number) =>
  scripts('Roll', [
    [`# generation ${n}`, mark(MARKS, `begin-${n}`), `sleep ${STEP_SECONDS}`],
    [`sleep ${STEP_SECONDS}`],
    [`sleep ${STEP_SECONDS}`, mark(MARKS, `end-${n}`)],
  ]);

/** @throws AssertionError when a run started twice, was lost, or ended otherwise than its step did */
export async function killLoop(kills: {
  readonly daemon: number;
  readonly agents: number;
}): Promise<KillFigures> {
  const begin = performance.now();
  const fleet = await openFleet({
    files: {
      ...generation(0),
      ...association('roll', { Name: 'Roll', MaxConcurrency: '2', MaxErrors: '100%' }),
    },
    nodes: Object.fromEntries(NODES.map((name) => [name, {}])),
  });
  try {
    const undisturbed = await fleet.converged(fleet.repo.tip() ?? '');
    const rollouts = openRollouts(fleet);
    for (let kill = 0; kill < kills.daemon; kill++) {
      await rollouts.keepOneUnderWay();
      await sleep(Math.random() * 600);
      await fleet.daemon.kill();
      fleet.launchDaemon();
      // Now and then it dies again before it has come up.
      if (kill % 4 === 3) await sleep(Math.random() * 1_000);
      else await agentsAreBack(fleet);
    }
    await agentsAreBack(fleet);
    const cut = new Set<string>();
    for (let kill = 0; kill < kills.agents; kill++) {
      await rollouts.keepOneUnderWay();
      const victim = await busyNode(fleet, cut);
      await sleep(Math.random() * 100);
      await fleet.agent(victim).kill();
      if (kill % WITH_SUPERVISOR_EVERY === WITH_SUPERVISOR_EVERY - 1)
        killSupervisors(fleet, victim, cut);
      fleet.startAgent(victim);
      // Some of the next kills meet it at work again, some before it has found its way back.
      await sleep(Math.random() * 1_500);
    }
    if (kills.agents >= ENOUGH_TO_CUT) assert(cut.size > 0, 'a step was killed with its agent');
    const last = rollouts.begin();
    const summary = await fleet.converged(last, 90_000);
    assert.deepEqual({ ...summary, revision: '' }, { ...undisturbed, revision: '' });
    await fleet.daemon.stop();
    return {
      ...judge(fleet, rollouts.count + 1, cut),
      daemonKills: kills.daemon,
      agentKills: kills.agents,
      stepsCut: cut.size,
      generations: rollouts.count + 1,
      seconds: Math.round((performance.now() - begin) / 1000),
    };
  } finally {
    await fleet.close();
  }
}

function openRollouts(fleet: Fleet) {
  let count = 0;
  return {
    get count() {
      return count;
    },
    begin(): string {
      count += 1;
      return fleet.commit(generation(count), `generation ${count}`);
    },
    /** A new generation as soon as the last one has reached every node, or half of them. */
    async keepOneUnderWay(): Promise<void> {
      const reached = NODES.filter((name) => beginsOf(fleet, name).includes(`begin-${count}`));
      if (reached.length === NODES.length || Math.random() < 0.1) this.begin();
      await sleep(Math.random() * 200);
    },
  };
}

const beginsOf = (fleet: Fleet, name: string): string[] =>
  fleet.lines(name, MARKS).map((line) => line.split(' ')[0] ?? '');

/** Half of them, so that something can happen; the others may still wait their turn to dial. */
const agentsAreBack = (fleet: Fleet): Promise<void> =>
  fleet.until(
    async () => {
      assert.equal(
        fleet.daemon.exitCode,
        null,
        `the daemon left:\n${fleet.daemonLog().slice(-3000)}`,
      );
      const nodes = await fleet.ask('nodes').catch(() => []);
      const connected = (nodes as { readonly connected: boolean }[]).filter(
        (node) => node.connected,
      );
      return connected.length * 2 >= NODES.length;
    },
    'agents come back',
    60_000,
  );

/** A node in the middle of a step, which its agent looks after or left behind; any one when there is none for long. */
async function busyNode(fleet: Fleet, cut: ReadonlySet<string>): Promise<string> {
  for (const end = performance.now() + 15_000; performance.now() < end; await sleep(20)) {
    const busy = NODES.filter((name) =>
      supervisorsOf(fleet, name).some(({ run }) => !cut.has(run)),
    );
    const one = busy[Math.floor(Math.random() * busy.length)];
    if (one !== undefined) return one;
  }
  return NODES[Math.floor(Math.random() * NODES.length)] ?? NODES[0];
}

/** Kills what still looks after a step of this node, and the step; `cut` learns the runs that were hit. */
export function killSupervisors(fleet: Fleet, name: string, cut: Set<string>): void {
  for (const { run, pid } of supervisorsOf(fleet, name)) {
    process.kill(-pid, 'SIGKILL');
    cut.add(run);
  }
}

/** The processes that look after a step of this node now, with their runs. */
function supervisorsOf(
  fleet: Fleet,
  name: string,
): { readonly run: string; readonly pid: number }[] {
  const runs = join(fleet.root(name), 'var', 'lib', 'reconciled-agent', 'runs');
  const [pid = '', start = '', run = ''] = readOr(join(runs, 'supervisor')).split(' ');
  // The pid may belong to somebody else by now: only the start time names our process.
  return pid !== '' && start === processStart(Number(pid)) ? [{ run, pid: Number(pid) }] : [];
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // gone: what it spoke of is gone too
  }
}

type Judged = Pick<KillFigures, 'runsStarted' | 'runsSucceeded' | 'runsInterrupted'>;

/** What the nodes' own files say, against what the status branch says of them. */
function judge(fleet: Fleet, generations: number, cut: ReadonlySet<string>): Judged {
  let runsStarted = 0;
  let unfinished = 0;
  for (const name of NODES) {
    const lines = fleet.lines(name, MARKS);
    const begun = lines.filter((line) => line.startsWith('begin-'));
    const ended = new Set(
      lines.filter((line) => line.startsWith('end-')).map((line) => line.split(' ')[1]),
    );
    const ids = begun.map((line) => line.split(' ')[1] ?? '');
    assert.equal(new Set(ids).size, ids.length, `a run started twice on ${name}`);
    const words = begun.map((line) => line.split(' ')[0]);
    assert.equal(new Set(words).size, words.length, `a generation ran twice on ${name}`);
    assert(words.includes(`begin-${generations - 1}`), `${name} ran the last generation`);
    for (const id of ids) {
      if (ended.has(id)) continue;
      assert(cut.has(id), `run ${id} on ${name} neither ended nor was cut`);
      unfinished += 1;
    }
    runsStarted += ids.length;
  }
  const { success, failed } = countsOf(fleet);
  // A step may have been cut after its last word: then it is Interrupted although its mark stands.
  assert(
    failed >= unfinished && failed <= cut.size,
    `${failed} failed, ${unfinished} were cut short, ${cut.size} hit`,
  );
  assert.equal(success + failed, runsStarted, 'every run that started is accounted for once');
  const numbers = fleet.repo
    .log(STATUS_BRANCH)
    .map((commit) => Number(/^Reconciled-Seq: (\d+)$/m.exec(fleet.repo.message(commit))?.[1]));
  assert(
    numbers.every((seq, at) => at === 0 || seq < (numbers[at - 1] ?? 0)),
    `numbers rise along the status branch: ${numbers.join(' ')}`,
  );
  return { runsStarted, runsSucceeded: success, runsInterrupted: failed };
}

/** Ended executions on the status branch, each once. */
function countsOf(fleet: Fleet): { readonly success: number; readonly failed: number } {
  const seen = new Set<string>();
  let success = 0;
  let failed = 0;
  for (const path of fleet.repo
    .list(STATUS_BRANCH)
    .filter((each) => each.startsWith('executions/'))) {
    for (const line of fleet.repo.show(path, STATUS_BRANCH).split('\n').filter(Boolean)) {
      const execution = JSON.parse(line) as {
        readonly ExecutionId: string;
        readonly ResourceCountByStatus: string;
      };
      assert(
        !seen.has(execution.ExecutionId),
        `execution ${execution.ExecutionId} stands there twice`,
      );
      seen.add(execution.ExecutionId);
      success += countIn(execution.ResourceCountByStatus, 'Success');
      failed += countIn(execution.ResourceCountByStatus, 'Failed');
    }
  }
  return { success, failed };
}

/** `{Success=1, Failed=2}` → 2 */
const countIn = (counts: string, status: string): number =>
  Number(new RegExp(`\\b${status}=(\\d+)`).exec(counts)?.[1] ?? 0);

if (
  process.argv[1] !== undefined &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
) {
  const { values } = parseArgs({
    options: {
      daemon: { type: 'string', default: '100' },
      agents: { type: 'string', default: '100' },
    },
  });
  const figures = await killLoop({ daemon: Number(values.daemon), agents: Number(values.agents) });
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
}
