/**
 * The fold: the only code that changes `State`. Total over records, deterministic, and without a catalog or a clock, so
 * that a replay gives the same state on any machine. Counters are kept beside what they count.
 */

import type { AssociationName } from '../model/brand.ts';
import { unreachable } from '../model/errors.ts';
import type { State } from '../model/state.ts';
import { VERSIONS_MAX } from '../model/state.ts';
import { closeExecution, openExecution, owe } from './apply-execution.ts';
import { applyInstance } from './apply-instance.ts';
import { comply, unassign } from './apply-node.ts';
import { complianceFrom, putAssignments, putExecution, putRuns } from './apply-put.ts';
import { applyRollout } from './apply-rollout.ts';
import { applyRun, finish, show } from './apply-run.ts';
import { applySlot } from './apply-slots.ts';
import { assignmentOf, executionOf, nodeOf } from './entry-of.ts';
import type { Record } from './records.ts';
import { condense, forgive } from './tally.ts';

export function apply(state: State, record: Record): void {
  switch (record.kind) {
    case 'instance':
    case 'branch-epoch':
      return applyInstance(state, record);
    case 'paused':
      state.paused = { by: record.by, at: record.at };
      return;
    case 'resumed':
      state.paused = null;
      return;
    case 'accepted':
      state.accepted = {
        commit: record.commit,
        position: record.position,
        by: record.by,
        at: record.at,
      };
      state.unfinished = record.unfinished ?? false;
      state.held = null;
      return;
    case 'in-force':
      state.unfinished = false;
      return;
    case 'held':
      state.held = { tip: record.tip, code: record.code, reason: record.reason, at: record.at };
      return;
    case 'released':
      state.held = null;
      return;
    case 'source-unread':
      state.unread = { code: record.code, since: record.since };
      return;
    case 'source-read':
      state.unread = null;
      return;
    case 'file-invalid':
      state.invalidFiles.set(record.file, record.lastGood);
      return;
    case 'file-valid':
      state.invalidFiles.delete(record.file);
      return;
    case 'document':
      state.documents.set(record.name, { number: record.number, digest: record.digest });
      return;
    case 'document-removed':
      state.documents.delete(record.name);
      return;
    case 'published':
      state.published = { seq: record.seq, commit: record.commit, at: record.at };
      return;
    case 'association':
      return applyAssociation(state, record);
    case 'version': {
      const versions = state.versions.get(record.association) ?? [];
      versions.push(record.version);
      if (versions.length > VERSIONS_MAX) versions.shift();
      state.versions.set(record.association, versions);
      return;
    }
    case 'association-removed':
      state.versions.delete(record.name);
      state.associations.delete(record.name);
      return;
    case 'assigned':
      for (const node of record.nodes) assignmentOf(nodeOf(state, node), record.association);
      return;
    case 'unassigned':
      for (const node of record.nodes) unassign(state, node, record.association);
      return;
    case 'slot':
    case 'slot-skipped':
    case 'anchored':
      return applySlot(state, record);
    case 'ring-passed':
    case 'ring-opened':
    case 'rollout-ended':
    case 'rollout-halted':
    case 'rollout-resumed':
    case 'rollout-forgiven':
    case 'rollout-healed':
      return applyRollout(state, record);
    case 'registered':
      state.registrations.set(record.registration.node, record.registration);
      nodeOf(state, record.registration.node);
      return;
    case 'revoked':
      state.revoked.set(record.node, { by: record.by, at: record.at });
      return;
    case 'connected': {
      const node = nodeOf(state, record.node);
      node.facts = record.facts;
      node.connectedAt = record.at;
      node.lastSeenAt = record.at;
      return;
    }
    case 'disconnected': {
      const node = nodeOf(state, record.node);
      node.connectedAt = null;
      node.lastSeenAt = record.at;
      return;
    }
    case 'execution':
      return openExecution(state, record);
    case 'joined': {
      const execution = executionOf(state, record.execution);
      for (const run of record.runs) owe(state, execution, run, record);
      return;
    }
    case 'closed':
      return closeExecution(state, record.execution, record.reason, record.at);
    case 'stopped': {
      const execution = executionOf(state, record.execution);
      // Whoever is named while it is stopped is judged by what fails from here on.
      forgive(execution);
      execution.stopped = { failures: record.failures, at: record.at };
      return;
    }
    case 'unstopped': {
      const execution = executionOf(state, record.execution);
      forgive(execution);
      execution.stopped = null;
      return;
    }
    case 'ended':
      executionOf(state, record.execution).endedAt = record.at;
      return;
    case 'condensed':
      return condense(executionOf(state, record.execution), record.at);
    case 'archived':
      state.executions.delete(record.execution);
      return;
    case 'offered':
    case 'returned':
    case 'started':
    case 'unreachable':
      return applyRun(state, record);
    case 'finished':
      return finish(state, record);
    case 'complied':
      return comply(state, record);
    case 'recalled': {
      const assignment = assignmentOf(nodeOf(state, record.node), record.association);
      assignment.last = record.last;
      show(assignment, record.last);
      return;
    }
    case 'put-association':
      state.associations.set(record.value.name, { gaps: [], ...record.value });
      return;
    case 'put-node':
      state.nodes.set(record.value.id, {
        ...record.value,
        assignments: new Map(),
        compliance: complianceFrom(record.compliance),
      });
      return putAssignments(state, record.value.id, record.assignments);
    case 'put-assignments':
      return putAssignments(state, record.node, record.assignments);
    case 'put-execution':
      return putExecution(state, record.value, record.runs);
    case 'put-runs':
      return putRuns(state, executionOf(state, record.execution), record.runs);
    default:
      return unreachable(record);
  }
}

function applyAssociation(state: State, record: Record & { kind: 'association' }): void {
  const before = state.associations.get(record.name);
  state.associations.set(record.name, {
    name: record.name,
    version: record.version,
    commit: record.commit,
    file: record.file,
    digests: record.digests,
    generationCommit: record.generationCommit,
    anchor: record.anchor,
    lastSlot: record.lastSlot,
    gaps: record.gaps ?? [],
    rollout: record.rollout,
    open: before?.open ?? null,
    inFlight: before?.inFlight ?? stillOut(state, record.name),
  });
}

/** Runs of an earlier association of the same name that have not come back. */
function stillOut(state: State, name: AssociationName): number {
  let out = 0;
  for (const { association, phases } of state.executions.values()) {
    if (association === name) out += phases.Offered + phases.Started + phases.Unreachable;
  }
  return out;
}
