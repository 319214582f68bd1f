/** Records of earlier formats in today's shape: what is optional or new since needs nothing, the rest stands here. */
import type { PassRecord, Record } from './records.ts';

const OCCASION_OF_JOINED = 6;

/** `written` is what a program that wrote format `version` journaled. */
export function upgradePass(written: unknown, version: number): PassRecord {
  const pass = written as PassRecord;
  if (version >= OCCASION_OF_JOINED) return pass;
  return { ...pass, records: pass.records.map(withOccasion) };
}

/** It stood with each run; all of a record had the same, and those of an execution had the execution's. */
function withOccasion(record: Record): Record {
  if (record.kind !== 'joined') return record;
  const [first] = record.runs as readonly { readonly occasion?: string }[];
  return { ...record, occasion: first?.occasion ?? '' };
}
