/** What a request of the control socket asks for, checked at the door; names of nodes become ids here. */
import type { ControlRequest } from '../control/routes.ts';
import { findNode } from '../core/enrol/find.ts';
import type { AssociationName, CommitId, NodeId } from '../core/model/brand.ts';
import { isAssociationName, isCommitId, isExecutionId, isNodeId } from '../core/model/brand.ts';
import { ReconcileError } from '../core/model/errors.ts';
import type { World } from '../core/world/world.ts';

const BY_MAX = 64;

type Values = ControlRequest['values'];
type Known = Pick<World, 'state'> & { readonly fleet: Pick<World['fleet'], 'nodes'> };

export function textIn(values: Values, key: string): string | null {
  const value = values[key];
  return typeof value === 'string' && value !== '' ? value : null;
}

function textsIn(values: Values, key: string): readonly string[] {
  const value = values[key];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** Who asks, as their own command tells: shown in reasons, decides nothing. */
export const byOf = (values: Values): string =>
  (textIn(values, 'by') ?? 'operator').replace(/[^\w.@-]/g, '?').slice(0, BY_MAX);

export function namesIn(values: Values): readonly AssociationName[] {
  const names = textsIn(values, 'associations').map(nameOf);
  if (names.length === 0) throw bad('name at least one association');
  return names;
}

/** Ids, or names where only one node has it. */
export function nodesIn(
  { fleet }: Known,
  values: Values,
  key: 'nodes' | 'among',
): readonly NodeId[] | null {
  const nodes = textsIn(values, key).map((text) => {
    const found = findNode(fleet.nodes, text);
    if (!found.ok) throw unknownNode(found.error);
    return found.value.id;
  });
  return nodes.length === 0 ? null : nodes;
}

/** To be shut out: by its id also one that no revision has any more. */
export function nodeIn({ fleet, state }: Known, values: Values): NodeId {
  const text = textIn(values, 'node') ?? '';
  if (isNodeId(text) && (state.nodes.has(text) || state.revoked.has(text))) return text;
  const found = findNode(fleet.nodes, text);
  if (found.ok) return found.value.id;
  throw unknownNode(found.error);
}

export function nameOf(text: string): AssociationName {
  if (!isAssociationName(text)) throw bad(`${JSON.stringify(text)} is no association name`);
  return text;
}

export function executionIdIn(values: Values) {
  const text = textIn(values, 'execution') ?? '';
  if (!isExecutionId(text)) throw bad(`${JSON.stringify(text)} is no execution id`);
  return text;
}

export function commitIn(values: Values): CommitId {
  const text = textIn(values, 'commit') ?? '';
  if (!isCommitId(text)) throw bad(`${JSON.stringify(text)} is no full commit id (40 hex digits)`);
  return text;
}

const unknownNode = (message: string): ReconcileError =>
  new ReconcileError('UNKNOWN_NODE', message, { retry: 'never' });

const bad = (message: string): ReconcileError =>
  new ReconcileError('BAD_REQUEST', message, { retry: 'never' });
