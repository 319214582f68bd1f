/**
 * `aws:refreshAssociation`: a node asks for its associations now (T8 of State Manager's triggers). An explicit request wins
 * over ApplyOnlyAtCronInterval; what is pending or running there already is left alone.
 */
import { associationId } from '../canonical/identity.ts';
import { formatOccasion } from '../canonical/occasion.ts';
import type { AssociationName, NodeId, RunId } from '../model/brand.ts';
import { compareText } from '../model/problem.ts';
import { joinExecution } from './executions.ts';
import { REFRESH_PREFIX } from './named.ts';
import type { Turn } from './turn.ts';
import { note } from './turn.ts';

export type RefreshRequest = {
  readonly node: NodeId;
  /** The run that asked, and why it came to be. */
  readonly run: RunId;
  readonly occasion: string;
  readonly association: AssociationName;
  /** Names or ids of associations; none are all. */
  readonly wanted: readonly string[];
};

/**
 * The association that asks is left out, and so is a request of a run that was itself asked for: two documents that refresh
 * each other would never end.
 */
export function refresh(turn: Turn, asked: RefreshRequest): void {
  const { node, run, association, wanted, occasion } = asked;
  if (occasion.startsWith(formatOccasion({ kind: 'manual', request: REFRESH_PREFIX }))) {
    note(turn, 'refresh ignored: the run was started by a refresh itself', { node, run });
    return;
  }
  const instance = turn.world.state.instance?.name ?? '';
  const isWanted = (name: AssociationName): boolean =>
    wanted.length === 0 || wanted.includes(name) || wanted.includes(associationId(instance, name));
  const assignments = [...(turn.world.state.nodes.get(node)?.assignments.values() ?? [])].sort(
    (a, b) => compareText(a.association, b.association),
  );
  for (const { association: name, execution } of assignments) {
    const definition = turn.world.definition(name);
    if (definition === undefined || name === association || !isWanted(name)) continue;
    if (execution !== null) continue;
    joinExecution(turn, {
      definition,
      trigger: 'manual',
      reason: `asked for by ${association} on the node`,
      occasion: formatOccasion({ kind: 'manual', request: `${REFRESH_PREFIX}${run}` }),
      nodes: [node],
      closing: 'manual',
    });
  }
}
