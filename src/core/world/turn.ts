/** One call of `advance`: what the deciders read, and where they put what they decided. */
import type { Instant } from '../model/brand.ts';
import type { Effect, Reason } from './effects.ts';
import type { Record } from './records.ts';
import type { World } from './world.ts';

export type Turn = {
  readonly world: World;
  readonly now: Instant;
  readonly records: Record[];
  readonly effects: Effect[];
  readonly reasons: Reason[];
};

/** Decides a fact: the world has it at once, so that the next decision sees it; the journal has it before any effect. */
export function emit(turn: Turn, record: Record): void {
  turn.world.apply(record);
  turn.records.push(record);
}

export function note(turn: Turn, event: string, fields: Reason['fields']): void {
  turn.reasons.push({ event, fields });
}
