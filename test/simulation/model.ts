/**
 * The reference model: what really ran where and when, and what may not happen. It sees everything and understands little:
 * it counts what machines did, what the daemon wrote down and what people wished, and knows none of the product's rules
 * beyond the promises themselves (spec P1 to P8, P10, P20).
 */

import type { TaskOrder } from '../../src/agent/ports.ts';
import type { CommitId, Instant, NodeId, RunId } from '../../src/core/model/brand.ts';
import { instant } from '../../src/core/model/brand.ts';
import type { RunResult } from '../../src/core/model/run.ts';
import type { Outcome } from '../../src/core/model/state.ts';
import type { Effect } from '../../src/core/world/effects.ts';
import type { NewRun, PassRecord, Record } from '../../src/core/world/records.ts';
import type { World } from '../../src/core/world/world.ts';
import type { Fence, Job } from '../../src/protocol/messages.ts';
import type { Ended } from '../../src/simulate/machine.ts';
import { createGateModel } from './gates.ts';
import type { Commit, GitHost, StatusCommit } from './git-host.ts';
import { createHistoryModel } from './history.ts';
import { numberOf } from './keys.ts';
import { createReportModel } from './reports.ts';
import { createRestartModel, EXIT_RESTART } from './restarts.ts';
import { createRetryModel } from './retries.ts';
import { createReturnModel } from './returns.ts';
import { createSlotModel } from './slots.ts';
import { createUpgradeModel } from './upgrades.ts';
import type { Wish } from './wish.ts';
import { contentOf, inForce, targetsOf } from './wish.ts';

/** A promise was broken. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** One run as the machine saw it. */
export type Truth = {
  /** As it was handed over last. */
  job: Job;
  /** Of all that were handed over the longest: a node may begin with an earlier one that it has had for a while. */
  notAfter: Instant;
  readonly node: NodeId;
  readonly content: string;
  readonly steps: number;
  /** Task → times it began. */
  readonly begun: Map<string, number>;
  readonly exits: (number | null)[];
  begunAtMs: number | null;
  /** Told by the daemon's journal, or kept by the node for ever. */
  accounted: boolean;
  acked: boolean;
  /** The daemon's state says that it started. */
  isHeard: boolean;
  /** Its node was set up anew since: it may begin there as if it never had. */
  isForgotten: boolean;
  /** So many steps had ended when the power took an exit file. */
  exitLostAt: number | null;
};

type Told = { readonly execution: string; readonly node: NodeId; readonly run: RunId };

/** `runs`: which one it holds for each node. */
type Stop = {
  runs: Map<NodeId, RunId>;
  failing: Set<NodeId>;
  forgiven: Set<NodeId>;
  /** Who had failed when it was stopped, or when a node was named since. */
  before: Set<NodeId>;
  due: boolean;
  /** With which it fell due; null: not so. */
  dueBy: RunId | null;
  closed: boolean;
};

export type ModelOptions = {
  readonly host: GitHost;
  readonly nowMs: () => number;
  readonly sometimes: (situation: string) => void;
};

export type Model = ReturnType<typeof createModel>;

export function createModel({ host, nowMs, sometimes }: ModelOptions) {
  const truths = new Map<RunId, Truth>();
  /** Wishes as far as they are valid, by the commit in which they were accepted. */
  const effective = new Map<CommitId, Wish>();
  const operatorAccepts = new Set<CommitId>();
  const contents = new Map<string, string>();
  const out = new Map<string, Map<RunId, NodeId>>();
  const associationOf = new Map<string, string>();
  const stops = new Map<string, Stop>();
  /** Associations of which an operator has cancelled an execution. */
  const called = new Set<string>();
  const asked = new Set<RunId>();
  const occasions = new Map<string, { run: RunId; generation: string; isLost: boolean }>();
  /** Node and association → generations that ended well there. */
  const successes = new Map<string, readonly string[]>();
  const slots = new Map<string, Set<Instant>>();
  const cancelled = new Map<RunId, Instant>();
  const fences = new Map<NodeId, Fence>();
  /** Of every state.json that ever stood on the branch. */
  const epochs = new Set<number>([1]);
  let spoken = 0;
  /** The highest in which a state spoke that was lost since. */
  let lostEpoch = 0;
  const durableOutcomes = new Set<RunId>();
  const reboots = new Map<NodeId, readonly number[]>();
  let wish: Wish | null = null;
  let program = 1;
  let accepted: CommitId | null = null;
  let acceptedAtMs = 0;
  let paused = false;
  let held = false;
  let lost = false;
  /** A backup was put back, and the branch does not carry its epoch yet. */
  let restored = false;

  function broken(promise: string, detail: string): never {
    throw new Violation(`${promise}: ${detail}`);
  }

  const gates = createGateModel({
    broken,
    sometimes,
    contentOfRun: (run) => truths.get(run)?.content ?? null,
    associationOf: (execution) => associationOf.get(execution) ?? null,
    hasSucceeded: (node, association, content) =>
      (successes.get(`${node} ${association}`) ?? []).some(
        (generation) => contents.get(generation) === content,
      ),
  });

  const slotModel = createSlotModel({ broken, sometimes });
  const restarts = createRestartModel({ broken, sometimes });
  const reports = createReportModel({ broken, sometimes, nowMs });
  const history = createHistoryModel({ broken, sometimes });
  const returns = createReturnModel({ broken, sometimes, nowMs });
  const upgrades = createUpgradeModel({ broken, sometimes });
  const retries = createRetryModel({ broken, sometimes, truthOf: (run) => truths.get(run) });

  // --- what the daemon writes down ------------------------------------------------------------------------------

  function onDurable(passes: readonly PassRecord[]): void {
    for (const pass of passes) {
      for (const record of pass.records) {
        onRecord(record);
        gates.onRecord(record, wish);
        slotModel.onRecord(record, wish, pass.at);
        reports.onRecord(record);
        history.onRecord(record);
        returns.onRecord(record, wish);
        retries.onRecord(record, wish);
        upgrades.onRecord(record);
      }
      returns.onPassed();
      retries.onPassed();
    }
  }

  function onRecord(record: Record): void {
    switch (record.kind) {
      case 'accepted':
        return accept(record.commit, record.by);
      case 'held':
        held = true;
        sometimes(`held: ${record.code}`);
        return;
      case 'released':
        held = false;
        return;
      case 'in-force':
        sometimes('a revision in force over several passes');
        return;
      case 'paused':
        paused = true;
        return;
      case 'resumed':
        paused = false;
        return;
      case 'execution':
        associationOf.set(record.id, record.association);
        opened(record.runs);
        stops.set(record.id, {
          runs: new Map(record.runs.map(({ node, run }) => [node, run])),
          failing: new Set(),
          forgiven: new Set(),
          before: new Set(),
          due: false,
          dueBy: null,
          closed: false,
        });
        return;
      case 'joined':
        opened(record.runs);
        for (const { node, run } of record.runs) {
          const { occasion } = record;
          heals(record.execution, node);
          repeats(record.execution, occasion);
          stops.get(record.execution)?.runs.set(node, run);
          if (occasion.startsWith('manual:') && !occasion.startsWith('manual:refresh-'))
            asked.add(run);
        }
        sometimes('runs join an open execution');
        return;
      case 'closed': {
        const stop = stops.get(record.execution);
        if (stop !== undefined) stop.closed = true;
        if (record.reason === 'cancelled') called.add(associationOf.get(record.execution) ?? '');
        return;
      }
      case 'unstopped': {
        const stop = stops.get(record.execution);
        if (stop !== undefined)
          Object.assign(stop, { due: false, dueBy: null, forgiven: new Set(stop.failing) });
        return;
      }
      case 'stopped': {
        sometimes('stopped at the error threshold');
        const stop = stops.get(record.execution);
        if (stop !== undefined) stop.before = new Set(stop.failing);
        return;
      }
      case 'association-removed':
        slots.delete(record.name);
        return;
      case 'slot':
        slot(record.association, record.at);
        sometimes('slot fired');
        return;
      case 'slot-skipped':
        slot(record.association, record.slot);
        if (record.reason === 'missed') sometimes('slot missed and recorded');
        return;
      case 'offered':
        return offered(record);
      case 'returned':
        sometimes('job given back');
        outOf(record.execution).delete(record.run);
        return;
      case 'started':
        outOf(record.execution).set(record.run, record.node);
        hear(record.run);
        if (decides(record)) heals(record.execution, record.node);
        return;
      case 'unreachable':
        sometimes('run unreachable');
        if (decides(record)) fails(record, true);
        return;
      case 'finished':
        return finished(record);
      case 'put-execution': {
        const { id, association } = record.value;
        associationOf.set(id, association);
        for (const { run, node, phase, outcome } of record.runs) {
          if (phase !== 'Pending' && phase !== 'Done') outOf(id).set(run, node);
          receive(outcome);
        }
        return;
      }
      case 'put-runs': {
        for (const { run, node, phase, outcome } of record.runs) {
          if (phase !== 'Pending' && phase !== 'Done') outOf(record.execution).set(run, node);
          receive(outcome);
        }
        return;
      }
      case 'put-node':
        for (const { last } of record.assignments) receive(last?.outcome ?? null);
        return;
      case 'branch-epoch':
        restored = false;
        sometimes('epoch announced');
        return;
      case 'recalled':
        return account(record.last.outcome.run);
      default:
        return;
    }
  }

  /** Perhaps anew, after a loss: from now on the node's ledger tells of them. */
  function opened(runs: readonly NewRun[]): void {
    for (const { run } of runs) {
      const truth = truths.get(run);
      if (truth !== undefined) truth.acked = false;
    }
  }

  function accept(commit: CommitId, by: string): void {
    const next = host.commitOf(commit);
    if (lost) {
      const known =
        effective.get(commit) ?? broken('P6', `recovered to ${commit}, never accepted before`);
      wish = { ...known, program };
      lost = false;
      sometimes('state directory rebuilt from the branch');
    } else {
      mayAct(next);
      wish = inForce(wish, { ...next.wish, program });
      if (next.wish.broken.size > 0) sometimes('accepted with a broken file');
      effective.set(commit, wish);
    }
    accepted = commit;
    acceptedAtMs = nowMs();
    held = false;
    sometimes(`accepted by ${by}`);
  }

  function mayAct(next: Commit): void {
    if (operatorAccepts.has(next.id) || accepted === null || wish === null) return;
    const path = host.since(next.id, accepted);
    if (path === null) broken('P6', `${next.id} does not descend from ${accepted}`);
    const after = inForce(wish, { ...next.wish, program }).associations;
    const removed = [...wish.associations.keys()].filter((name) => !after.has(name)).length;
    const allowed = Math.max(
      0,
      ...path.map(({ message }) =>
        Number(/^Reconciled-Allow-Delete: (\d+)$/m.exec(message)?.[1] ?? 0),
      ),
    );
    const max = after.size === 0 ? 0 : Math.max(5, Math.floor(wish.associations.size * 0.2));
    if (removed > max && removed > allowed) broken('P6', `${next.id} removes ${removed} unasked`);
  }

  function slot(association: string, at: Instant): void {
    const known = slots.get(association) ?? new Set<Instant>();
    if (known.has(at))
      broken('P10', `slot ${new Date(at).toISOString()} of ${association} came twice`);
    slots.set(association, known.add(at));
  }

  const outOf = (execution: string): Map<RunId, NodeId> => {
    const association = associationOf.get(execution) ?? execution;
    const runs = out.get(association) ?? new Map<RunId, NodeId>();
    out.set(association, runs);
    return runs;
  };

  function limit(text: string, targets: number): number {
    return text.endsWith('%')
      ? Math.max(1, Math.floor((Number(text.slice(0, -1)) * targets) / 100))
      : Number(text);
  }

  function tolerated(text: string, targets: number): number {
    if (text === '100%') return Infinity;
    return text.endsWith('%')
      ? Math.floor((Number(text.slice(0, -1)) * targets) / 100)
      : Number(text);
  }

  function offered({ execution, run, node, at }: Record & { kind: 'offered' }): void {
    if (paused) broken('P20', `offered ${run} while paused`);
    const runs = outOf(execution);
    runs.set(run, node);
    const name = associationOf.get(execution) ?? '';
    const each = wish?.associations.get(name);
    if (each === undefined || wish === null) broken('P5', `offered a run of ${name}, not in force`);
    const targets = targetsOf(wish, name).length;
    const max = limit(each.maxConcurrency, targets);
    if (runs.size > max) broken('MaxConcurrency', `${name}: ${runs.size} out, ${max} allowed`);
    if (runs.size === max && targets > max) sometimes('at MaxConcurrency');
    // An operator who names a node starts it all the same.
    const stop = stops.get(execution);
    if (stop?.due === true) {
      if (!asked.has(run)) broken('MaxErrors', `${name} goes on after its stop`);
      const since = [...stop.failing].filter((each) => !stop.before.has(each)).length;
      if (since > tolerated(each.maxErrors, targets))
        broken('MaxErrors', `${name} goes on for those who were named, of whom too many failed`);
      sometimes('named since a stop');
    }
    gates.onOffered(name, node, at, wish);
  }

  /**
   * Errors are counted by target (spec §4.2): where a run took the place of another, as on a node that was shut out and let in
   * again, that one decides, and what the earlier one is told of late is history.
   */
  function decides({ execution, node, run }: Told): boolean {
    const held = stops.get(execution)?.runs.get(node);
    if (held !== undefined && held !== run) sometimes('a run that was replaced is told of');
    return held === run;
  }

  /** What was forgiven of it is forgiven of nobody else. */
  function heals(execution: string, node: NodeId): void {
    const stop = stops.get(execution);
    stop?.before.delete(node);
    if (stop?.failing.delete(node) === true && stop.forgiven.delete(node)) {
      sometimes('a failure that was forgiven is none any more');
    }
  }

  /** A run that was cut and is tried again at once is no error yet. */
  function repeats(execution: string, occasion: string): void {
    const stop = stops.get(execution);
    if (stop?.dueBy != null && occasion.startsWith('retry:') && occasion.endsWith(stop.dueBy))
      Object.assign(stop, { due: false, dueBy: null });
  }

  function fails({ execution, node, run }: Told, failed: boolean): void {
    const stop = stops.get(execution);
    if (stop === undefined) return;
    if (failed) stop.failing.add(node);
    else heals(execution, node);
    const name = associationOf.get(execution) ?? '';
    const each = wish?.associations.get(name);
    if (!failed || stop.closed || each === undefined || wish === null) return;
    const max = tolerated(each.maxErrors, targetsOf(wish, name).length);
    if (stop.due || stop.failing.size - stop.forgiven.size <= max) return;
    Object.assign(stop, { due: true, dueBy: run });
  }

  function finished(record: Record & { kind: 'finished' }): void {
    const { outcome, execution, node } = record;
    outOf(execution).delete(outcome.run);
    durableOutcomes.add(outcome.run);
    const told = { execution, node, run: outcome.run };
    if (decides(told)) fails(told, outcome.status === 'Failed' || outcome.status === 'TimedOut');
    account(outcome.run);
    if (outcome.detailedStatus === 'Interrupted') sometimes('run interrupted');
    if (outcome.detailedStatus === 'Unreachable') sometimes('silent past the deadline');
    if (outcome.status === 'Cancelled') sometimes('run cancelled');
    if (outcome.status === 'TimedOut') sometimes('run timed out');
    if (outcome.status === 'Success') believable(outcome);
    if (outcome.detailedStatus === 'Interrupted') cut(outcome);
  }

  /** A backup may hold a result whole; the branch never does, and has to be told again. */
  function receive(outcome: Outcome | null): void {
    if (outcome !== null && outcome.digest !== null) durableOutcomes.add(outcome.run);
  }

  /** Nor is an interruption: steps outlive everything but their machine. */
  function cut({ run }: Outcome): void {
    const truth = truths.get(run);
    const since = truth?.begunAtMs ?? null;
    if (truth === undefined || since === null) return;
    if (!(reboots.get(truth.node) ?? []).some((at) => at >= since)) {
      broken('P4', `${run} counted as Interrupted, and nothing cut it`);
    }
  }

  /** Success is never guessed. */
  function believable(outcome: Outcome): void {
    const truth = truths.get(outcome.run);
    if (truth === undefined || !hasSucceeded(truth)) {
      broken('P4', `${outcome.run} counted as Success, which it was not`);
    }
  }

  function hear(run: RunId): void {
    const truth = truths.get(run);
    if (truth !== undefined) truth.isHeard = true;
  }

  function account(run: RunId): void {
    const truth = truths.get(run);
    if (truth !== undefined) truth.accounted = true;
  }

  // --- what the daemon does -------------------------------------------------------------------------------------

  function onJob(job: Job): void {
    returns.onJob(job.node);
    if (!epochs.has(job.fence.epoch))
      broken('epoch', `${job.run} sent in ${job.fence.epoch}, which the branch never carried`);
    if (job.fence.epoch <= lostEpoch)
      broken('epoch', `${job.run} sent in ${job.fence.epoch}, that of a state that was lost`);
    spoken = Math.max(spoken, job.fence.epoch);
    const content = wish === null ? null : contentOf(wish, job.association);
    if (wish === null || content === null) broken('P5', `${job.association} is not in force`);
    if (!targetsOf(wish, job.association).includes(numberOf(job.node))) {
      broken('P5', `${job.association} does not target ${job.node}`);
    }
    const sent = wordsOf(job);
    if (sent !== content) broken('P5', `${job.association} is "${content}", sent "${sent}"`);
    const known = contents.get(job.generation);
    if (known !== undefined && known !== content) broken('generation', 'one digest, two contents');
    contents.set(job.generation, content);
    if (held) sometimes('old state goes on while held');
    const again = truths.get(job.run);
    if (again !== undefined) {
      if (again.content !== content) broken('run id', `${job.run} stands for two contents`);
      sometimes('job offered again');
      again.job = job;
      again.notAfter = instant(Math.max(again.notAfter, job.notAfter));
      return;
    }
    hold(job, content);
  }

  /** A host that should not speak has sent it, and only to nodes that have seen more. */
  function onOldJob(job: Job): void {
    sometimes('job of an old host');
    returns.onJob(job.node);
    if (!truths.has(job.run)) hold(job, wordsOf(job));
  }

  function hold(job: Job, content: string): void {
    truths.set(job.run, {
      job,
      notAfter: job.notAfter,
      node: job.node,
      content,
      steps: stepsOf(job).length,
      begun: new Map(),
      exits: [],
      begunAtMs: null,
      accounted: false,
      acked: false,
      isHeard: false,
      isForgotten: false,
      exitLostAt: null,
    });
  }

  function onEffects(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'ack') continue;
      const truth = truths.get(effect.run);
      if (truth === undefined) continue;
      if (!durableOutcomes.has(effect.run))
        broken('P1', `${effect.run} acked before it was durable`);
      if (truth.acked) sometimes('result acked twice');
      truth.acked = true;
    }
  }

  /** It reads with what it brings. */
  function onProgram(version: number): void {
    upgrades.onProgram();
    program = version;
    if (wish !== null && wish.program !== version) wish = { ...wish, program };
  }

  /** The daemon has read its journal again. */
  function onRestart(world: World): void {
    reports.onRestart(world);
    if (world.state.unfinished) sometimes('daemon died over a revision');
    for (const { acked, job, node } of truths.values()) {
      if (!acked) continue;
      const assignment = world.state.nodes.get(node)?.assignments.get(job.association);
      const inExecution = world.state.executions.get(job.execution)?.runs.get(node);
      if (assignment === undefined || inExecution?.run !== job.run) continue;
      const { outcome } = inExecution;
      // An execution may be opened anew over the same run: then the node's ledger is what tells of it.
      const isKnown = outcome !== null && (outcome.digest !== null || isRecalled(outcome));
      if (!isKnown) broken('P1', `${job.run} was acked and is forgotten`);
    }
  }

  // --- what machines do -----------------------------------------------------------------------------------------

  function onBegin(node: NodeId, order: TaskOrder): void {
    const { run, task } = order;
    const truth = truths.get(run);
    if (truth === undefined || truth.node !== node) broken('P5', `${node} runs ${run}, never sent`);
    if (truth.isForgotten) forget(truth);
    retries.onBegin(node, run);
    const key = keyOf(task);
    const times = (truth.begun.get(key) ?? 0) + 1;
    truth.begun.set(key, times);
    // A step that goes on after the restart it asked for has not ended before.
    if (restarts.onBegin(run, key, times)) truth.exits.pop();
    const cancelledAt = cancelled.get(run);
    if (cancelledAt !== undefined && order.startedAt > cancelledAt) {
      broken('cancel', `${run} goes on after it was cancelled`);
    }
    if (truth.begunAtMs !== null) return;
    truth.begunAtMs = nowMs();
    const { association, occasion, fence } = truth.job;
    if (order.startedAt > truth.notAfter) broken('P5', `${run} began when its job had expired`);
    const highest = fences.get(node);
    // Neither in an older epoch nor to an older revision: a new epoch is no leave for that.
    if (highest !== undefined && (isLower(fence, highest) || fence.position < highest.position)) {
      broken('P6', `${node} went backwards`);
    }
    fences.set(node, fence);
    returns.onBegin(node);
    const once = `${node} ${association} ${occasion}`;
    const before = occasions.get(once);
    if (before !== undefined && before.run !== run) {
      // A state that was lost knew of a slot what the branch did not; of other content it is owed whatever the occasion is called.
      if (!before.isLost || before.generation === truth.job.generation)
        broken('P10', `${once} ran twice`);
      sometimes('a slot again, of other content, after a loss of state');
    }
    occasions.set(once, { run, generation: truth.job.generation, isLost: false });
    if (paused) sometimes('handed over before the pause, begun after it');
  }

  /** What an agent's ledger says of a run that is over: no step that began is told as if it never had. */
  function onTold({ run, steps, detailedStatus }: RunResult): void {
    const truth = truths.get(run);
    // The power took the only word of its end: nobody can know it, and Interrupted is the truth.
    if (detailedStatus === 'Interrupted' && truth?.exits.length === truth?.exitLostAt) {
      sometimes('interrupted, as the power took its exit file');
      truth?.exits.splice(-1, 1, null);
    }
    retries.onSaid(run, detailedStatus === 'Interrupted' ? 'Interrupted' : 'Ended');
    for (const key of truth?.begun.keys() ?? []) {
      const told = steps[Number.parseInt(key, 10)];
      const isTold = told?.startedAt != null || told?.reason.includes('may have begun') === true;
      if (!isTold) broken('P4', `step ${key} of ${run} began, and is told as if it never had`);
    }
  }

  /** The agent has read it while it had the run; `at` by its own clock. */
  function onCancelled(run: RunId, at: Instant): void {
    sometimes('cancellation reached a run');
    cancelled.set(run, at);
  }

  /** What an agent had not written down when it died, it never heard. */
  function onAgentDied(run: RunId | null, isStopped: boolean): void {
    if (run !== null && !isStopped) cancelled.delete(run);
  }

  function onReboot(node: NodeId): void {
    reboots.set(node, [...(reboots.get(node) ?? []), nowMs()]);
    restarts.onDown(node);
    reports.onPowerCut(node);
  }

  /** Its ledger is gone, and with it what it knew of its runs and of revisions. */
  function onReimaged(node: NodeId): void {
    fences.delete(node);
    returns.onReimaged(node);
    for (const [run, truth] of truths) {
      if (truth.node !== node) continue;
      truth.isForgotten = true;
      cancelled.delete(run);
    }
  }

  function forget(truth: Truth): void {
    sometimes('a run again on a node that was set up anew');
    truth.begun.clear();
    truth.exits.length = 0;
    Object.assign(truth, { begunAtMs: null, isForgotten: false, exitLostAt: null });
    restarts.onForgotten(truth.job.run);
  }

  /** The power took an exit file, which may be that of its newest step. */
  function onExitLost(run: RunId): void {
    const truth = truths.get(run);
    if (truth !== undefined) truth.exitLostAt = truth.exits.length;
  }

  /** The agent restarts its machine for this run: that cuts nothing. */
  function onRestartAsked(node: NodeId, run: RunId): void {
    restarts.onAsked(run);
    restarts.onDown(node);
  }

  function onEnd(node: NodeId, { run, task }: TaskOrder, { exitCode, compliance }: Ended): void {
    const truth = truths.get(run);
    if (truth === undefined) return;
    retries.onEnd(node, run);
    truth.exits.push(exitCode);
    if (exitCode === EXIT_RESTART) restarts.onEnd(run, { step: keyOf(task), node });
    for (const { items } of compliance?.puts ?? []) {
      for (const { status } of items)
        reports.onReport({ ...truth, association: truth.job.association }, status);
    }
    if (!hasSucceeded(truth)) return;
    const key = `${truth.node} ${truth.job.association}`;
    successes.set(key, [...(successes.get(key) ?? []), truth.job.generation]);
  }

  // --- what is published ----------------------------------------------------------------------------------------

  function onPublished(commit: StatusCommit, before: StatusCommit | null): void {
    history.onPublished(commit, before);
    // What was true once stays true: only what is written now is read.
    for (const [path, bytes] of commit.written) {
      if (path === 'state.json') epochs.add(epochIn(bytes.toString()));
      if (path === 'summary.json') checkVerdict(JSON.parse(bytes.toString()) as Summary);
      if (path.startsWith('nodes/')) checkNodeFile(JSON.parse(bytes.toString()) as NodeFile);
    }
  }

  /** Compliant as a whole: then every MANUAL association has been reported so. */
  function checkVerdict({ verdict, revision }: Summary): void {
    const shown = revision === null ? undefined : effective.get(revision);
    if (verdict === 'compliant' && shown !== undefined) reports.onGreen(shown);
  }

  function checkNodeFile(file: NodeFile): void {
    for (const line of file.Associations) {
      const { AssociationName: name, Status, Generation = '' } = line;
      if (wish?.associations.get(name)?.manual === true) {
        reports.onShown(file.NodeId, name, line.ComplianceStatus);
      }
      if (Status !== 'Success') continue;
      const had = successes.get(`${file.NodeId} ${name}`) ?? [];
      if (!had.some((generation) => generation.startsWith(Generation))) {
        broken('status', `${file.NodeId} shows Success of ${name}, which it never had`);
      }
    }
  }

  /** The daemon forgets everything but what is on the branch; machines and people forget nothing. */
  function onStateLost(): void {
    lostEpoch = spoken;
    out.clear();
    stops.clear();
    slots.clear();
    gates.onStateLost();
    reports.onStateLost();
    history.onStateLost();
    returns.onStateLost();
    retries.onStateLost();
    upgrades.onStateLost();
    slotModel.onStateLost();
    durableOutcomes.clear();
    for (const occasion of occasions.values()) occasion.isLost = true;
    for (const truth of truths.values()) Object.assign(truth, { acked: false, isHeard: false });
    paused = false;
    lost = true;
  }

  /** What a backup knows follows. */
  function onRestored(): void {
    onStateLost();
    restored = true;
  }

  return {
    truths,
    onStateLost,
    onRestored,
    onPassed: (seenAt: Instant) => slotModel.onPassed(seenAt, wish),
    onDurable,
    onJob,
    onOldJob,
    onEffects,
    onProgram,
    onRestart,
    onBegin,
    onTold,
    onEnd,
    onDisowned: (run: RunId) => retries.onSaid(run, 'Never'),
    onReboot,
    onReimaged,
    onAgentStarts: returns.onAgentStarts,
    onExitLost,
    onRestartAsked,
    reported: reports.expected,
    unpublished: history.unpublished,
    isOutdated: returns.isOutdated,
    wasCancelled: (name: string): boolean => called.has(name),
    onCancelled,
    onAgentDied,
    onPublished,
    allow: (commit: CommitId) => operatorAccepts.add(commit),
    get wish() {
      return wish;
    },
    get accepted() {
      return accepted;
    },
    get acceptedAtMs() {
      return acceptedAtMs;
    },
    get isStateLost() {
      return lost || restored;
    },
    get paused() {
      return paused;
    },
  };
}

/** state.json has one key on a line: the rest of it need not be read for this. */
const epochIn = (state: string): number => Number(/^ {2}"epoch": (\d+),$/m.exec(state)?.[1]);

type Summary = { readonly verdict: string; readonly revision: CommitId | null };

export type NodeFile = {
  readonly NodeId: NodeId;
  readonly Associations: readonly {
    readonly AssociationName: string;
    readonly Status: string;
    readonly ComplianceStatus?: string;
    readonly Generation?: string;
    readonly Pending?: { readonly Reason: string };
  }[];
};

const isLower = (a: Fence, b: Fence): boolean =>
  a.epoch < b.epoch || (a.epoch === b.epoch && a.position < b.position);

export const hasSucceeded = ({ exits, steps }: Truth): boolean =>
  exits.length === steps && exits.every((code) => code === 0);

const keyOf = ({ step, element }: TaskOrder['task']): string => `${step}.${element}`;

type Step = {
  readonly inputs: { readonly timeoutSeconds: string; readonly runCommand: readonly string[] };
};

const stepsOf = ({ document }: Job): readonly Step[] =>
  document.content['mainSteps'] as unknown as readonly Step[];

/** The words of `contentOf`, read from what is really sent. */
function wordsOf(job: Job): string {
  const steps = stepsOf(job);
  const [document, version] = steps[0]?.inputs.runCommand[0]?.split(' ') ?? [];
  const text = job.parameters['text'];
  return `${document} ${version} ${steps.length} ${steps[0]?.inputs.timeoutSeconds} ${String(text)}`;
}

const isRecalled = ({ summary }: Outcome): boolean => summary === "recalled from the node's ledger";
