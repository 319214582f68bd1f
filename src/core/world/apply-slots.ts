/** Slots that fired or were skipped, and from when they count. */
import { formatOccasion } from '../canonical/occasion.ts';
import type { Instant } from '../model/brand.ts';
import type { AssociationState, State } from '../model/state.ts';
import { afterFiring } from '../schedule/slots.ts';
import type { Record } from './records.ts';
import { noRuns } from './tally.ts';

export function applySlot(
  state: State,
  record: Record & { kind: 'slot' | 'slot-skipped' | 'anchored' },
): void {
  if (record.kind === 'slot-skipped') return skipSlot(state, record);
  const association = state.associations.get(record.association);
  if (association === undefined) return;
  if (record.kind === 'slot') fired(association, record.at, record.over);
  else {
    association.anchor = record.anchor;
    association.gaps = record.gaps;
  }
}

const fired = (association: AssociationState, at: Instant, over: Instant | undefined): void => {
  Object.assign(association, afterFiring(association, at, over ?? null));
};

/** It never was the open one: what is owed from before stays owed. */
function skipSlot(state: State, record: Record & { kind: 'slot-skipped' }): void {
  const association = state.associations.get(record.association);
  if (association !== undefined) fired(association, record.slot, record.over);
  const occasion = formatOccasion({ kind: 'slot', at: record.slot });
  const { reason, detail, targets } = record;
  state.executions.set(record.id, {
    id: record.id,
    association: record.association,
    version: association?.version ?? null,
    occasion,
    trigger: 'schedule',
    reason: `due at ${occasion.slice('slot:'.length)}`,
    generation: record.generation,
    revision: record.revision,
    timeoutBudgetMs: 0,
    openedAt: record.at,
    ...noRuns(),
    forgiven: 0,
    stopped: null,
    skipped: { reason, detail, targets },
    closed: null,
    endedAt: record.at,
    condensed: null,
  });
}
