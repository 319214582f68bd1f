/** Records of earlier formats in today's shape: what is optional or new since needs nothing, the rest stands here. */
import type { RolloutState } from '../model/state.ts';
import type { PassRecord, Record } from './records.ts';

const OCCASION_OF_JOINED = 6;
const FORGIVEN_NODES = 11;

/** `written` is what a program that wrote format `version` journaled. */
export function upgradePass(written: unknown, version: number): PassRecord {
  const pass = written as PassRecord;
  if (version >= FORGIVEN_NODES) return pass;
  const records = pass.records.map(withForgiven);
  return { ...pass, records: version >= OCCASION_OF_JOINED ? records : records.map(withOccasion) };
}

/** It stood with each run; all of a record had the same, and those of an execution had the execution's. */
function withOccasion(record: Record): Record {
  if (record.kind !== 'joined') return record;
  const [first] = record.runs as readonly { readonly occasion?: string }[];
  return { ...record, occasion: first?.occasion ?? '' };
}

/** Whom a resume forgave was a number: by ring, and of an execution that was stopped the one that it had stopped at. */
function withForgiven(record: Record): Record {
  switch (record.kind) {
    case 'association':
      return { ...record, rollout: counted(record.rollout) };
    case 'put-association':
      return { ...record, value: { ...record.value, rollout: counted(record.value.rollout) } };
    case 'rollout-resumed':
      return { ...record, ...unnamedIn(record) };
    case 'rollout-healed': {
      const { association } = record;
      return { kind: 'rollout-forgiven', association, ...unnamedIn(record) };
    }
    case 'put-execution': {
      const { stopped, forgiven } = record.value;
      if (stopped === null || stopped.failures <= forgiven) return record;
      return { ...record, value: { ...record.value, forgiven: stopped.failures } };
    }
    default:
      return record;
  }
}

const counted = (rollout: RolloutState | null): RolloutState | null =>
  rollout === null ? null : { ...rollout, ...unnamedIn(rollout) };

type Unnamed = Pick<RolloutState, 'forgiven' | 'unnamed'>;

const unnamedIn = (written: object): Unnamed =>
  unnamed((written as { readonly forgiven: readonly number[] }).forgiven);

/** So many of each ring are forgiven, and nobody knows yet whom that means. */
const unnamed = (counts: readonly number[]): Unnamed =>
  counts.some((count) => count > 0) ? { forgiven: [], unnamed: counts } : { forgiven: [] };
