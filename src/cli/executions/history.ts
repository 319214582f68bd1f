/** Ended executions as a status branch keeps them: read without a daemon. */
import type { Instant } from '../../core/model/brand.ts';
import { associationName, parseInstant } from '../../core/model/brand.ts';
import { ReconcileError } from '../../core/model/errors.ts';
import type { ExecutionStatus } from '../../core/model/execution-status.ts';
import type { ExecutionAnswer } from '../../core/model/schemas.gen.ts';
import { readExecutionLine } from '../../core/report/execution-json.ts';
import { executionDay } from '../../core/report/paths.ts';
import type { StatusFiles } from '../../io/status/read-status.ts';
import type { Call, Flag } from '../command.ts';
import { openStatus } from '../open-status.ts';

export const HISTORY_FLAGS: readonly Flag[] = [
  {
    syntax: '--history <ref-or-dir>',
    about: 'what this status branch keeps of ended ones, without a daemon',
  },
  { syntax: '--repo <dir>', about: 'the clone; its usual status branch unless --history' },
];

export const LISTED_MAX = 1_000;

/** Null: any. */
export type HistoryFilter = {
  readonly association: string | null;
  readonly status: ExecutionStatus | null;
  readonly createdAfter: Instant | null;
  readonly createdBefore: Instant | null;
};

/** Null: the daemon is to be asked. @throws ReconcileError NO_STATUS, REVISION_UNKNOWN, … (retry `never`) */
export async function openHistory(call: Call): Promise<StatusFiles | null> {
  const asked = call.given('history');
  const repo = call.given('repo');
  if (asked === null && repo === null) return null;
  const files = await openStatus(repo ?? '.', asked);
  if (files !== null) return files;
  const message = `no status branch reconciled/status or origin/reconciled/status in ${repo ?? '.'}; fetch it, or name it with --history`;
  throw new ReconcileError('NO_STATUS', message, { retry: 'never' });
}

/** Newest first, at most a thousand. */
export async function historyOf(
  files: StatusFiles,
  filter: HistoryFilter,
): Promise<readonly ExecutionAnswer[]> {
  const found: ExecutionAnswer[] = [];
  for (const [day, paths] of await daysOf(files, filter.association)) {
    // What was created later has not ended earlier.
    if (filter.createdAfter !== null && endOf(day) <= filter.createdAfter) break;
    if (found.length >= LISTED_MAX) break;
    for (const path of paths) {
      found.push(...(await linesOf(files, path)).filter((line) => fits(line, filter)));
    }
  }
  return found
    .sort((a, b) => Date.parse(b.createdTime) - Date.parse(a.createdTime))
    .slice(0, LISTED_MAX);
}

/** @throws ReconcileError UNKNOWN_EXECUTION */
export async function executionIn(files: StatusFiles, id: string): Promise<ExecutionAnswer> {
  for (const [, paths] of await daysOf(files, null)) {
    for (const path of paths) {
      const found = (await linesOf(files, path)).find((line) => line.id === id);
      if (found !== undefined) return found;
    }
  }
  const message = `no execution ${id} in what this status branch keeps; older ones are in its history`;
  throw new ReconcileError('UNKNOWN_EXECUTION', message, { retry: 'never' });
}

async function daysOf(
  files: StatusFiles,
  association: string | null,
): Promise<readonly (readonly [day: string, paths: readonly string[]])[]> {
  const days = new Map<string, string[]>();
  for (const path of (await files.list('executions')).toSorted()) {
    const day = executionDay(path);
    if (day === null) continue;
    if (association !== null && path !== `executions/${day}/${association}.jsonl`) continue;
    days.set(day, [...(days.get(day) ?? []), path]);
  }
  return [...days].sort(([a], [b]) => (a < b ? 1 : -1));
}

async function linesOf(files: StatusFiles, path: string): Promise<readonly ExecutionAnswer[]> {
  const bytes = await files.read(path);
  const association = associationName(path.slice(path.lastIndexOf('/') + 1, -'.jsonl'.length));
  return Buffer.from(bytes ?? [])
    .toString()
    .split('\n')
    .flatMap((line) => readExecutionLine(line, association) ?? []);
}

function fits(line: ExecutionAnswer, filter: HistoryFilter): boolean {
  const at = parseInstant(line.createdTime) ?? 0;
  return (
    (filter.status === null || line.status === filter.status) &&
    (filter.createdAfter === null || at > filter.createdAfter) &&
    (filter.createdBefore === null || at < filter.createdBefore)
  );
}

const endOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) + 86_400_000;
