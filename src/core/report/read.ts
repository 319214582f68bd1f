/**
 * The status branch read back: what a daemon that lost its state directory starts from, and the fleet as the offline
 * commands know it. Texts may be edited by anybody who can push: mistakes are values, nothing throws.
 */
import type { AssociationName, CommitId, ExecutionId, Instant, NodeId } from '../model/brand.ts';
import { isNodeId } from '../model/brand.ts';

import type { TypeCompliance } from '../model/compliance.ts';
import { isFailure } from '../model/outcome.ts';
import type { Problem } from '../model/problem.ts';
import type { Result } from '../model/result.ts';
import { ok } from '../model/result.ts';
import type { Assignment, Execution, Run } from '../model/state.ts';
import type { Record } from '../world/records.ts';
import { putExecution, putNode } from '../world/records.ts';
import { parseObject } from './parse-object.ts';
import { NODE_PATH_PATTERN, STATE_PATH, SUMMARY_PATH } from './paths.ts';
import type { AssignmentReading, NodeReading, ReadDepth } from './read-node.ts';
import { readNode } from './read-node.ts';
import type { OpenExecution, StateReading } from './read-state.ts';
import { generationsOf, readState } from './read-state.ts';
import { readSummary } from './read-summary.ts';
import type { StateRefusal } from './state-file.ts';
import { refused, registryDigest, verifyState } from './state-file.ts';
import type { StatusSummary } from './summary.ts';
import { readVersions } from './versions-json.ts';

/** The branch's files, loaded: text by path, and the paths under a folder. */
export type StatusTexts = {
  read(path: string): string | null;
  list(prefix: string): readonly string[];
};

export type Recovery = {
  readonly state: StateReading;
  readonly nodes: readonly NodeReading[];
  /** Snapshot records: after them every index has to be derived again. */
  readonly records: readonly Record[];
  /** Files of nodes that could not be read; those nodes come back as they say hello. */
  readonly problems: readonly Problem[];
};

export type RecoveryOptions = {
  /** Whether a signature over a text is that of the daemon's key. */
  verify(text: string, signature: string): boolean;
  readonly now: Instant;
  /** The commit that was read and its `Reconciled-Seq`. */
  readonly tip: { readonly commit: CommitId; readonly seq: number } | null;
  /** `owed`: without outcomes, for a plan. */
  readonly depth?: ReadDepth;
};

/**
 * Everything durable that the branch holds, as records. Runs that were out are owed again under their old ids, so an
 * agent that ran one says so instead of running it twice. Nodes that were not silent are given an hour from now.
 * Refused when state.json is not signed by this daemon, or when registrations are not those it signed.
 */
export function readStatus(
  texts: StatusTexts,
  options: RecoveryOptions,
): Result<Recovery, StateRefusal> {
  const text = texts.read(STATE_PATH);
  if (text === null) return refused('STATE_MISSING', 'the status branch has no state.json');
  const body = verifyState(text, options.verify);
  if (!body.ok) return body;
  const state = readState(body.value);
  if (state === null) return refused('STATE_MALFORMED', 'state.json lacks what recovery needs');
  const { nodes, problems } = readNodes(texts, state, options.depth ?? 'outcomes');
  const registrations = nodes.flatMap(({ registration }) => registration ?? []);
  if (registryDigest(registrations) !== state.registry) {
    return refused('STATE_EDITED', 'registrations under nodes/ are not those the daemon signed');
  }
  const records = [...recordsFrom(state, nodes, options)];
  for (const { name: association } of state.associations) {
    for (const version of readVersions(texts, association)) {
      records.push({ kind: 'version', association, version });
    }
  }
  return ok({ state, nodes, records, problems });
}

export type StatusFleet = {
  readonly state: StateReading | null;
  readonly summary: StatusSummary | null;
  readonly nodes: readonly NodeReading[];
  readonly problems: readonly Problem[];
};

/** The fleet as last observed, for plans and tables: unsigned, since who reads it here holds no key to believe. */
export function readFleet(texts: StatusTexts): StatusFleet {
  const body = parseObject(texts.read(STATE_PATH) ?? '');
  const state = body === null ? null : readState(body);
  const { nodes, problems } = readNodes(texts, state, 'outcomes');
  return { state, summary: readSummary(texts.read(SUMMARY_PATH) ?? ''), nodes, problems };
}

function readNodes(
  texts: StatusTexts,
  state: StateReading | null,
  depth: ReadDepth,
): { readonly nodes: readonly NodeReading[]; readonly problems: readonly Problem[] } {
  const generations = state === null ? new Map<AssociationName, never>() : generationsOf(state);
  const nodes: NodeReading[] = [];
  const problems: Problem[] = [];
  for (const path of [...texts.list('nodes/')].sort()) {
    const id = NODE_PATH_PATTERN.exec(path)?.[2] ?? '';
    const text = isNodeId(id) ? texts.read(path) : null;
    const node = text === null ? null : readNode(text, id as NodeId, generations, depth);
    if (node === null) problems.push(unreadable(path));
    else nodes.push(node);
  }
  return { nodes, problems };
}

const unreadable = (file: string): Problem => ({
  code: 'status-unreadable',
  severity: 'warning',
  file,
  line: 1,
  column: 1,
  pointer: '',
  message: 'this is no file of a node as the daemon writes it',
  hint: 'it is written again when the node says hello',
});

function* recordsFrom(
  state: StateReading,
  nodes: readonly NodeReading[],
  { now, tip }: RecoveryOptions,
): Generator<Record> {
  const { instance: name, epoch, daemonKey } = state;
  yield { kind: 'instance', name, epoch, daemonKey };
  if (state.paused !== null) yield { kind: 'paused', ...state.paused };
  if (state.accepted !== null) yield { kind: 'accepted', ...state.accepted };
  if (state.held !== null) yield { kind: 'held', ...state.held };
  if (tip !== null) yield { kind: 'published', ...tip, at: now };
  for (const file of state.invalidFiles) yield { kind: 'file-invalid', ...file };
  for (const document of state.documents) yield { kind: 'document', ...document };
  for (const { registration } of nodes) {
    if (registration !== null) yield { kind: 'registered', registration };
  }
  for (const revoked of state.revoked) yield { kind: 'revoked', ...revoked };
  const runs = runsByExecution(state, nodes, now);
  const open = state.executions.filter(({ id }) => runs.has(id));
  const openOf = new Map(open.map(({ association, id }) => [association, id]));
  for (const association of state.associations) {
    const value = { ...association, open: openOf.get(association.name) ?? null, inFlight: 0 };
    yield { kind: 'put-association', value };
  }
  const versionOf = new Map(state.associations.map(({ name, version }) => [name, version]));
  for (const execution of open) {
    const version = versionOf.get(execution.association) ?? null;
    const known = runs.get(execution.id) ?? [];
    const forgiven = forgivenOf(known, execution.forgiven);
    yield* putExecution(
      { ...openAgain(execution), version, forgiven: forgiven.size },
      known.map((run) => (forgiven.has(run) ? { ...run, forgiven: true } : run)),
    );
  }
  for (const node of nodes) {
    if (node.revoked) continue;
    const lastSeenAt = node.silent === null ? now : node.silent.since;
    const { node: id, facts } = node;
    yield* putNode(
      { id, facts, connectedAt: null, lastSeenAt, job: null },
      node.assignments.map((reading) => assignmentFrom(reading, runs)),
      { at: null, types: typesFrom(node), refused: [] },
    );
  }
}

/** The branch tells how many. Those that came first: they had failed when it stopped, or when somebody resumed. */
function forgivenOf(runs: readonly Run[], count: number): ReadonlySet<Run> {
  const failed = runs.filter(({ outcome }) => outcome !== null && isFailure(outcome));
  return new Set(failed.sort((a, b) => a.since - b.since).slice(0, count));
}

const openAgain = (
  execution: OpenExecution,
): Omit<Execution, 'version' | 'runs' | 'phases' | 'statuses' | 'failures'> => ({
  ...execution,
  skipped: null,
  closed: null,
  endedAt: null,
  condensed: null,
});

function assignmentFrom(
  { association, owed, applied, skipped, reported }: AssignmentReading,
  runs: ReadonlyMap<ExecutionId, readonly Run[]>,
): Assignment {
  const shown = skipped ?? applied;
  return {
    association,
    execution: owed !== null && runs.has(owed.execution) ? owed.execution : null,
    last: applied,
    shown,
    since: shown,
    reported,
  };
}

/** Of associations that are on the node still: whoever edits the branch brings nothing back. */
const typesFrom = ({ types, assignments }: NodeReading): readonly TypeCompliance[] =>
  types.filter((type) => assignments.some(({ association }) => association === type.association));

/** Open executions in which something is still owed, with what else is known of them. */
function runsByExecution(
  state: StateReading,
  nodes: readonly NodeReading[],
  now: Instant,
): ReadonlyMap<ExecutionId, readonly Run[]> {
  const associations = new Map(state.executions.map(({ id, association }) => [id, association]));
  const runs = new Map<ExecutionId, Run[]>();
  const owing = new Set<ExecutionId>();
  const put = (execution: ExecutionId, association: AssociationName, run: Run): void => {
    if (associations.get(execution) !== association) return;
    const known = runs.get(execution);
    if (known === undefined) runs.set(execution, [run]);
    else known.push(run);
    if (run.phase === 'Pending') owing.add(execution);
  };
  for (const { node, assignments, revoked } of nodes) {
    for (const { association, owed, applied } of revoked ? [] : assignments) {
      if (owed !== null) {
        const { execution, ...ids } = owed;
        put(execution, association, {
          ...ids,
          node,
          phase: 'Pending',
          since: now,
          notAfter: null,
          outcome: null,
        });
      } else if (applied !== null) {
        const { outcome, occasion } = applied;
        const done = { run: outcome.run, node, occasion, phase: 'Done' as const };
        put(applied.execution, association, {
          ...done,
          since: outcome.finishedAt,
          notAfter: null,
          outcome,
        });
      }
    }
  }
  return new Map([...runs].filter(([id]) => owing.has(id)));
}
