/** Small phrases of the pages: numbers, names, and why something is as it is. */
import type {
  AssignmentStanding,
  AssociationStanding,
  PendingReason,
  Verdict,
} from '../model/standing.ts';

const grouped = new Intl.NumberFormat('en-US');

/** `12,345`: whole and not negative. */
export const thousands = (count: number): string =>
  count < 1_000 ? String(count) : grouped.format(count);

export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${thousands(count)} ${count === 1 ? noun : plural}`;

export const shortId = (commit: string): string => commit.slice(0, 7);

export const verdictMarks: { readonly [verdict in Verdict]: string } = {
  compliant: '✅',
  pending: '⏳',
  silent: '🔇',
  failing: '❌',
};

export const statusMarks: { readonly [status in AssociationStanding['status']]: string } = {
  Success: '✅',
  Pending: '⏳',
  Failed: '❌',
};

export const waitingWords: { readonly [reason in PendingReason]: string } = {
  offline: 'the node is offline',
  busy: 'the node runs something else, or refuses jobs',
  concurrency: 'MaxConcurrency is used up',
  'error-threshold':
    'MaxErrors is exceeded: stopped until the next slot, an edit, a manual run or resume',
  calendar: 'a change calendar is closed',
  alarm: 'an alarm is active',
  dependency: 'what it depends on has not succeeded',
  rollout: 'its ring has not come',
  suspended: 'suspended',
  paused: 'the daemon is paused',
  schedule: 'its next slot has not come',
};

/** Status in words; the detail only where it says more. */
export const statusWords = ({ status, detailedStatus }: AssignmentStanding): string =>
  status === detailedStatus ? status : `${status} (${detailedStatus})`;
