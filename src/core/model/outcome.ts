/** What an outcome says of the document, beside its status. */
import type { Outcome } from './state.ts';

/** What MaxErrors counts: a job that the node would not take has failed, and tells nothing of the document (advice H-16). */
export const isFailure = (outcome: Outcome): boolean =>
  outcome.status === 'TimedOut' || (outcome.status === 'Failed' && !isUndeliverable(outcome));

export const isUndeliverable = ({ detailedStatus }: Outcome): boolean =>
  detailedStatus === 'Undeliverable';
