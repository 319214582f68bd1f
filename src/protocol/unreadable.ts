/**
 * A result that its reader cannot take as it stands still ends its run: it counts as Failed and says why, so that it is
 * acked and never sent again. The agent judges its own results by the daemon's reader before it says them; the daemon does
 * the same for agents that are older, newer or broken.
 */
import type { Instant } from '../core/model/brand.ts';
import { instant, isAssociationName, isExecutionId, isRunId } from '../core/model/brand.ts';
import { isJsonObject } from '../core/model/json.ts';
import type { RunResult } from '../core/model/run.ts';
import { MESSAGE_BYTES_MAX } from './messages.ts';
import { parseAgentMessage } from './parse.ts';

type Ids = Pick<RunResult, 'run' | 'execution' | 'association' | 'startedAt' | 'finishedAt'>;

/** What the daemon's reader objects to; null when it takes the result. */
export function objectionToResult(result: RunResult): string | null {
  const raw = JSON.stringify({ kind: 'result', result });
  if (Buffer.byteLength(raw) > MESSAGE_BYTES_MAX) return `longer than ${MESSAGE_BYTES_MAX}`;
  const parsed = parseAgentMessage(raw);
  return parsed.ok ? null : parsed.error;
}

/** Nothing of how it ended is believed, so it is never a success. */
export function unreadableResult(
  { run, execution, association, startedAt, finishedAt }: Ids,
  why: string,
): RunResult {
  return {
    run,
    execution,
    association,
    status: 'Failed',
    detailedStatus: 'Failed',
    errorCode: 'ExecutionError',
    executionSummary: `the result of this run cannot be read: ${why}`.slice(0, 500),
    startedAt,
    finishedAt,
    steps: [],
    refresh: null,
    compliance: null,
  };
}

/** From a message that was refused with `why`; null when it is no result, or does not say of which run. */
export function salvageResult(raw: string, why: string, now: Instant): RunResult | null {
  const said = resultIn(raw);
  if (said === null) return null;
  const { run, execution, association } = said;
  if (typeof run !== 'string' || !isRunId(run)) return null;
  if (typeof execution !== 'string' || !isExecutionId(execution)) return null;
  if (typeof association !== 'string' || !isAssociationName(association)) return null;
  const finishedAt = instantOr(said['finishedAt'], now);
  const startedAt = instantOr(said['startedAt'], finishedAt);
  return unreadableResult({ run, execution, association, startedAt, finishedAt }, why);
}

function resultIn(raw: string): { readonly [key: string]: unknown } | null {
  if (raw.length > MESSAGE_BYTES_MAX) return null;
  try {
    const message: unknown = JSON.parse(raw);
    const result = isJsonObject(message) && message['kind'] === 'result' ? message['result'] : null;
    return isJsonObject(result) ? result : null;
  } catch {
    return null; // no JSON
  }
}

/** A time of the past, as whoever said it has it; the reader's own where it is none. */
function instantOr(value: unknown, now: Instant): Instant {
  if (typeof value !== 'number' || !Number.isInteger(value)) return now;
  return value >= 0 && value <= now ? instant(value) : now;
}
