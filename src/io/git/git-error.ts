import type { Retry } from '../../core/model/errors.ts';
import { ReconcileError } from '../../core/model/errors.ts';

/** Whose operation failed; the first half of the error code. */
export type GitScope = 'SOURCE' | 'STATUS';

type GitFailure =
  | 'UNREACHABLE'
  | 'AUTH'
  | 'TIMEOUT'
  | 'TOO_LARGE'
  | 'UNSUPPORTED'
  | 'DAMAGED'
  | 'REFUSED';

/** What a retry can heal is tried again with backoff; a repository of a kind we do not read stays unread. */
const RETRY: { readonly [Failure in GitFailure]: Retry } = {
  UNREACHABLE: 'backoff',
  AUTH: 'backoff',
  TIMEOUT: 'backoff',
  TOO_LARGE: 'backoff',
  UNSUPPORTED: 'never',
  DAMAGED: 'backoff',
  REFUSED: 'backoff',
};

/** A failed Git operation with a stable code such as `SOURCE_TIMEOUT` or `STATUS_AUTH`. */
export function gitError(
  scope: GitScope,
  failure: GitFailure,
  message: string,
  cause?: unknown,
): ReconcileError {
  return new ReconcileError(`${scope}_${failure}`, message, { retry: RETRY[failure], cause });
}

/** Stored bytes that are not what their id promises: a flipped bit, a cut file. The mirror is made anew. */
export class DamagedObject extends Error {
  constructor(what: string, cause?: unknown) {
    super(`damaged: ${what}`, { cause });
    this.name = 'DamagedObject';
  }
}
