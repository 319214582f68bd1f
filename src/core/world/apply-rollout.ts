/** The part of the fold that moves an association from ring to ring. */
import { unreachable } from '../model/errors.ts';
import type { RolloutState, State } from '../model/state.ts';
import type { Record } from './records.ts';

export function applyRollout(
  state: State,
  record: Record & {
    kind:
      | 'ring-passed'
      | 'ring-opened'
      | 'rollout-ended'
      | 'rollout-halted'
      | 'rollout-resumed'
      | 'rollout-forgiven'
      | 'rollout-healed';
  },
): void {
  const association = state.associations.get(record.association);
  if (association === undefined || association.rollout === null) return;
  const { rollout } = association;
  switch (record.kind) {
    case 'ring-passed':
      association.rollout = { ...rollout, passedAt: record.at };
      return;
    case 'ring-opened':
      association.rollout = { ...rollout, ring: record.ring, passedAt: null };
      return;
    case 'rollout-ended':
      association.rollout = null;
      return;
    case 'rollout-halted': {
      const { ring, failures, at } = record;
      association.rollout = { ...rollout, halted: { ring, failures, at } };
      return;
    }
    case 'rollout-resumed':
      association.rollout = { ...forgiving(rollout, record), halted: null };
      return;
    case 'rollout-forgiven':
      association.rollout = forgiving(rollout, record);
      return;
    case 'rollout-healed': {
      const healed = new Set(record.nodes);
      const forgiven = rollout.forgiven.filter((node) => !healed.has(node));
      association.rollout = { ...rollout, forgiven };
      return;
    }
    default:
      return unreachable(record);
  }
}

/** These and no others. */
function forgiving(
  { unnamed: _, ...rollout }: RolloutState,
  { forgiven, unnamed }: Pick<RolloutState, 'forgiven' | 'unnamed'>,
): RolloutState {
  return { ...rollout, forgiven, ...(unnamed === undefined ? {} : { unnamed }) };
}
