/** What else an edit changed, in words: everything of an association that makes nobody run, but moves when who does. */
import { canonicalJson } from '../canonical/json.ts';
import type { Association, RateLimit, Suspend } from '../model/association.ts';
import { formatInstant } from '../model/brand.ts';
import type { Json } from '../model/json.ts';

/** In the order in which `core/rollout/waiting.ts` asks. Empty when none of these differs. */
export function settingsChanged(before: Association, after: Association): readonly string[] {
  return [
    ...suspendChanged(before.suspend, after.suspend),
    ...listChanged('calendars', before.calendarNames, after.calendarNames),
    ...changed('alarm', before.alarm, after.alarm, ({ name }) => name),
    ...changed('Duration', before.durationMs, after.durationMs, hours),
    ...ringsChanged(before, after),
    ...listChanged('dependencies', before.dependsOn, after.dependsOn),
    ...changed('MaxConcurrency', before.maxConcurrency, after.maxConcurrency, limit),
    ...changed('MaxErrors', before.maxErrors, after.maxErrors, limit),
    ...changed('severity', before.complianceSeverity, after.complianceSeverity, String),
    ...changed('SyncCompliance', before.syncCompliance, after.syncCompliance, String),
    ...changed('StartingDeadline', before.startingDeadlineMs, after.startingDeadlineMs, seconds),
    ...changed('TimeoutSeconds', before.timeoutMs, after.timeoutMs, seconds),
    ...changed('OnInterrupted', before.onInterrupted, after.onInterrupted, String),
    ...(isSame(before.tags, after.tags) ? [] : ['Tags changed']),
  ];
}

function suspendChanged(before: Suspend | null, after: Suspend | null): readonly string[] {
  if (isSame(before, after)) return [];
  if (after === null) return ['suspend lifted'];
  const words = `until ${formatInstant(after.until)} by ${after.owner}: ${after.reason}`;
  return [before === null ? `suspended ${words}` : `suspend changed: ${words}`];
}

/** A ring is more than its name; that some of it differs is enough to look at the diff. */
function ringsChanged({ rings: before }: Association, { rings }: Association): readonly string[] {
  if (isSame(before, rings)) return [];
  const names = rings.map(({ name }, at) => name ?? String(at + 1));
  return [names.length === 0 ? 'rings removed' : `rings changed: ${names.join(', ')}`];
}

function listChanged(
  what: string,
  before: readonly string[],
  after: readonly string[],
): readonly string[] {
  if (isSame(before, after)) return [];
  return [after.length === 0 ? `${what} removed` : `${what} changed: ${after.join(', ')}`];
}

function changed<Value>(
  what: string,
  before: Value | null,
  after: Value | null,
  words: (value: Value) => string,
): readonly string[] {
  if (isSame(before, after)) return [];
  if (after === null) return [`${what} removed`];
  return [
    before === null ? `${what} ${words(after)}` : `${what} ${words(before)} → ${words(after)}`,
  ];
}

const isSame = (before: unknown, after: unknown): boolean =>
  canonicalJson(before as Json) === canonicalJson(after as Json);

const limit = (value: RateLimit): string =>
  value.kind === 'count' ? String(value.count) : `${value.percent}%`;
const hours = (ms: number): string => `${ms / 3_600_000} h`;
const seconds = (ms: number): string => `${ms / 1000} s`;
