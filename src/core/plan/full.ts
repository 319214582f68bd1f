/**
 * The simple twin of the incremental world: everything derived again from a snapshot, by walking all of it. The offline plan
 * uses it, and the property "incremental and full plans agree" holds the world's index against it.
 */

import type { AssociationName, NodeId } from '../model/brand.ts';
import type { Catalog } from '../model/catalog.ts';
import type { Definition } from '../model/definition.ts';
import type { Node } from '../model/node.ts';
import { compareText } from '../model/problem.ts';
import type { State } from '../model/state.ts';
import { matches } from '../selector/match.ts';
import type { AssociationPlan } from './plan.ts';
import { planAssociation } from './plan.ts';

export type PlanInput = {
  readonly state: Pick<State, 'associations' | 'nodes'>;
  readonly catalog: Pick<Catalog, 'groups' | 'settings'>;
  readonly definitions: ReadonlyMap<AssociationName, Definition>;
  readonly nodes: ReadonlyMap<NodeId, Node>;
};

export function planFull(input: PlanInput): ReadonlyMap<AssociationName, AssociationPlan> {
  const { state, definitions, catalog } = input;
  const plan = new Map<AssociationName, AssociationPlan>();
  const names = new Set([...state.associations.keys(), ...definitions.keys()]);
  for (const name of [...names].sort(compareText)) {
    const after = definitions.get(name) ?? null;
    const targets = [...input.nodes.values()].filter(
      (node) => after !== null && matches(after.association.targets, node, catalog.groups),
    );
    plan.set(
      name,
      planAssociation({
        before: state.associations.get(name)?.digests ?? null,
        after,
        assigned: assignedTo(state, name),
        targets: targets.map((node) => node.id).sort(compareText),
        triggers: catalog.settings.triggers,
      }),
    );
  }
  return plan;
}

function assignedTo(state: PlanInput['state'], name: AssociationName): readonly NodeId[] {
  const nodes = [...state.nodes.values()].filter((node) => node.assignments.has(name));
  return nodes.map((node) => node.id).sort(compareText);
}
