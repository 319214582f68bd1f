/** The shortest list of records that folds into a state: what compaction writes. */
import type { State } from '../model/state.ts';
import type { Record } from './records.ts';
import { putExecution, putNode } from './records.ts';

export function* recordsOf(state: State): Generator<Record> {
  if (state.instance !== null) yield { kind: 'instance', ...state.instance };
  if (state.paused !== null) yield { kind: 'paused', ...state.paused };
  if (state.accepted !== null) {
    const { accepted, unfinished } = state;
    yield { kind: 'accepted', ...accepted, ...(unfinished ? { unfinished } : {}) };
  }
  if (state.held !== null) yield { kind: 'held', ...state.held };
  if (state.unread !== null) yield { kind: 'source-unread', ...state.unread };
  if (state.published !== null) yield { kind: 'published', ...state.published };
  for (const [file, lastGood] of state.invalidFiles) yield { kind: 'file-invalid', file, lastGood };
  for (const [name, document] of state.documents) yield { kind: 'document', name, ...document };
  for (const registration of state.registrations.values()) {
    yield { kind: 'registered', registration };
  }
  for (const [node, revoked] of state.revoked) yield { kind: 'revoked', node, ...revoked };
  for (const value of state.associations.values()) yield { kind: 'put-association', value };
  for (const [association, versions] of state.versions) {
    for (const version of versions) yield { kind: 'version', association, version };
  }
  for (const {
    runs,
    phases: _,
    statuses: __,
    failures: ___,
    ...value
  } of state.executions.values()) {
    yield* putExecution(value, [...runs.values()]);
  }
  for (const { assignments, compliance, ...value } of state.nodes.values()) {
    const { at, types, refused } = compliance;
    const reported = { at, types: [...types.values()], refused };
    yield* putNode(value, [...assignments.values()], reported);
  }
}
