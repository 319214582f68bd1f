/**
 * Why a node takes no job for now, and when it is asked again: from its refusal until it takes one or its session ends, and
 * forgotten by a restart. What stands in a report must not move while nothing has changed, so it names no figures.
 */
import type { Instant, NodeId } from '../model/brand.ts';

export type Refusal = {
  readonly code: string;
  readonly message: string;
  /** What the clock of the node showed, where it says so. */
  readonly clock: Instant | null;
};

export type Refusals = {
  /** How long the node is left alone now, ms: it doubles while the node goes on refusing. */
  put(node: NodeId, refusal: Refusal, now: Instant): number;
  /** True when there was one. */
  drop(node: NodeId): boolean;
  /** Null: it refuses nothing. The same words for as long as it goes on like this. */
  of(node: NodeId): string | null;
  /** As `of`, and how far its clock is off, as of its last refusal. */
  told(node: NodeId): string | null;
  /** How far off the clock is of a node that takes no job because of it; null: it is right, as far as anybody knows. */
  clockOf(node: NodeId): string | null;
  clocksOff(): readonly NodeId[];
};

/** A node that refuses for now is asked again after this, so that a wrong clock or a full disk makes no storm. */
export const REST_MS = 30_000;
/** As long as that, when it refused for hours: what is put right is noticed within this. */
export const REST_MS_MAX = 32 * REST_MS;

/** What the way of a message, or a busy process, explains. */
const LATE_MS = 60_000;
const MESSAGE_CHARS_MAX = 160;

type Kept = {
  readonly words: string;
  /** Null: its clock is not known to be off. */
  readonly clock: string | null;
  readonly restMs: number;
};

export function createRefusals(): Refusals {
  const kept = new Map<NodeId, Kept>();
  return {
    put(node, refusal, now) {
      const before = kept.get(node)?.restMs ?? null;
      // A daemon that was restored catches up within seconds, and no node hears of it.
      const isFirst = before === null || refusal.code === 'StaleEpoch';
      const restMs = isFirst ? REST_MS : Math.min(2 * before, REST_MS_MAX);
      kept.set(node, { ...judge(refusal, now), restMs });
      return restMs;
    },
    drop: (node) => kept.delete(node),
    of: (node) => kept.get(node)?.words ?? null,
    told(node) {
      const { words = null, clock = null } = kept.get(node) ?? {};
      return clock === null ? words : `${words}, ${clock}`;
    },
    clockOf: (node) => kept.get(node)?.clock ?? null,
    clocksOff: () => [...kept].flatMap(([node, { clock }]) => (clock === null ? [] : [node])),
  };
}

/** By the code alone where an older agent says no more: of what it says, only numbers count. */
function judge({ code, message, clock }: Refusal, now: Instant): Omit<Kept, 'restMs'> {
  if (code !== 'Expired' && code !== 'NotYet') {
    const said = plain(message);
    return { words: `last refusal ${code}${said === '' ? '' : ` (${said})`}`, clock: null };
  }
  const side = code === 'Expired' ? 'ahead' : 'behind';
  if (clock === null) return off(code, side, `${side} by 5 minutes or more`);
  const aheadMs = code === 'Expired' ? clock - now : now - clock;
  if (aheadMs > LATE_MS) return off(code, side, `${side} by ${aboutMs(aheadMs)}`);
  return { words: `last refusal ${code} (the job was under way for too long)`, clock: null };
}

const off = (code: string, side: string, clock: string): Omit<Kept, 'restMs'> => ({
  words: `its clock is off: it is ${side}, and takes every job for ${code}`,
  clock,
});

const UNITS = [
  [365 * 24 * 3_600_000, 'year'],
  [24 * 3_600_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
] as const;

/** Rounded to its largest unit. */
function aboutMs(ms: number): string {
  const [unitMs, unit] = UNITS.find(([each]) => ms >= each) ?? [60_000, 'minute'];
  const count = Math.max(1, Math.round(ms / unitMs));
  return `about ${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** In words, for whoever asks how the daemon is. */
export function clockNotices(refusals: Refusals): readonly string[] {
  const nodes = refusals.clocksOff();
  const [first] = nodes;
  if (first === undefined) return [];
  const more = nodes.length === 1 ? '' : `, and of ${nodes.length - 1} more nodes`;
  return [`no jobs are taken because the clock of ${first} is ${refusals.clockOf(first)}${more}`];
}

/** What a node says is never structure, wherever it is printed: no controls, no marks of Markdown or HTML. */
const plain = (message: string): string =>
  message
    .replace(/[^A-Za-z0-9 .,:;/=+-]/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim()
    .slice(0, MESSAGE_CHARS_MAX);
