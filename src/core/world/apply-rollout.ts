/** The part of the fold that moves an association from ring to ring. */
import { unreachable } from '../model/errors.ts';
import type { State } from '../model/state.ts';
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
      association.rollout = { ...rollout, halted: null, forgiven: record.forgiven };
      return;
    case 'rollout-healed':
      association.rollout = { ...rollout, forgiven: record.forgiven };
      return;
    default:
      return unreachable(record);
  }
}
