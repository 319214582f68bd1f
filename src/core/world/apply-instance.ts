/** What the fold keeps of whose state this is, and in which epoch it speaks. */
import type { State } from '../model/state.ts';
import type { Record } from './records.ts';

export function applyInstance(
  state: State,
  record: Record & { readonly kind: 'instance' | 'branch-epoch' },
): void {
  if (record.kind === 'branch-epoch') {
    if (state.instance !== null) state.instance = { ...state.instance, branchEpoch: record.epoch };
    return;
  }
  const { name, epoch, branchEpoch = epoch, anewEpoch = 0, daemonKey } = record;
  state.instance = { name, epoch, branchEpoch, anewEpoch, daemonKey };
}
