/** When a generation may go on to the next ring, and when it must not: the health gate of a rollout. */
import type { Association, RateLimit, Ring } from '../model/association.ts';
import type { Instant } from '../model/brand.ts';
import type { RolloutState } from '../model/state.ts';
import { errorsAllowed } from './limits.ts';

/** What a ring has come to, in numbers. */
export type RingCounts = {
  readonly nodes: number;
  readonly finished: number;
  readonly failed: number;
  /** Of those that failed, the ones that a resume has forgiven. */
  readonly forgiven: number;
  readonly awaited: number;
};

export type RolloutStep =
  | { readonly kind: 'wait' }
  /** Too many failures in `ring`. */
  | { readonly kind: 'halt'; readonly ring: number; readonly failures: number }
  | { readonly kind: 'pass' }
  /** Look again at this instant. */
  | { readonly kind: 'soak'; readonly until: Instant }
  | { readonly kind: 'open'; readonly ring: number }
  | { readonly kind: 'end' };

/**
 * The next step of a rollout; `counts` has one entry per ring and one for the nodes of no ring. Failures of a ring must
 * exceed its MaxErrors, as those of an execution must (SSM guide, rate controls). A ring has passed when nobody is awaited
 * and somebody has finished: nodes that are offline hold nothing up, and a ring that is offline as a whole proves nothing.
 * A ring without nodes is skipped, its soak too.
 */
export function nextStep(
  rollout: RolloutState,
  { rings, maxErrors }: Pick<Association, 'rings' | 'maxErrors'>,
  counts: readonly RingCounts[],
  now: Instant,
): RolloutStep {
  if (rollout.halted !== null) return { kind: 'wait' };
  for (let ring = 0; ring <= rollout.ring; ring++) {
    const { nodes = 0, failed: failures = 0, forgiven = 0 } = counts[ring] ?? {};
    const allowed = errorsAllowed(limitOf(rings[ring], maxErrors), nodes);
    if (failures - forgiven > allowed) return { kind: 'halt', ring, failures };
  }
  // A generation that nobody can take yet is not everywhere.
  if (counts.every(({ nodes }) => nodes === 0)) return { kind: 'wait' };
  const next = counts.findIndex(({ nodes }, ring) => ring > rollout.ring && nodes > 0);
  const current = counts[rollout.ring];
  if (current === undefined || current.nodes === 0) {
    return next === -1 ? { kind: 'end' } : { kind: 'open', ring: next };
  }
  if (rollout.passedAt === null) {
    return current.awaited === 0 && current.finished > 0 ? { kind: 'pass' } : { kind: 'wait' };
  }
  if (next === -1) return { kind: 'end' };
  const until = soakEnd(rollout, rings);
  return until !== null && now < until ? { kind: 'soak', until } : { kind: 'open', ring: next };
}

/** When the soak of the ring that has passed is over; null while it has not passed. */
export function soakEnd(
  { ring, passedAt }: Pick<RolloutState, 'ring' | 'passedAt'>,
  rings: readonly Ring[],
): Instant | null {
  return passedAt === null ? null : ((passedAt + (rings[ring]?.soakMs ?? 0)) as Instant);
}

const limitOf = (ring: Ring | undefined, maxErrors: RateLimit): RateLimit =>
  ring?.maxErrors ?? maxErrors;

/** Rings as they were and as they are; `counts` is about those that are. Null: what they were is not known any more. */
export type RingsEdit = {
  readonly before: readonly Ring[] | null;
  readonly after: readonly Ring[];
  readonly counts: readonly RingCounts[];
};

/**
 * Where a rollout stands after its rings were edited. It stays at the same ring, and nothing jumps the health gate: a ring that
 * is new before that one, and has not finished, comes first. Where that one is gone, the first that had not passed begins anew.
 */
export function positionAfter({ ring, passedAt }: Position, edit: RingsEdit): Position {
  const keys = edit.before?.map(keyOf) ?? [];
  const earlier = edit.after.map((each) => keys.indexOf(keyOf(each)));
  // Nodes of no ring are the last one.
  earlier.push(edit.before === null ? -1 : edit.before.length);
  const same = earlier.indexOf(ring);
  const first = earlier.findIndex((was, at) => {
    const { nodes = 0, finished = 0, awaited = 0 } = edit.counts[at] ?? {};
    const hasPassed = was !== -1 && was < ring;
    if (hasPassed || same === -1) return !hasPassed;
    return at !== same && nodes > 0 && (awaited > 0 || finished === 0);
  });
  if (same !== -1 && (first === -1 || same < first)) return { ring: same, passedAt };
  return { ring: first, passedAt: null };
}

type Position = Pick<RolloutState, 'ring' | 'passedAt'>;

/** Two rings are one and the same by what they are called and whom they hold: how long one soaks is no matter. */
const keyOf = ({ name, targets }: Ring): string => JSON.stringify([name, targets]);
