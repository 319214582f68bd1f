/** What the loop does after a failed operation; it switches on this, never on the text of a message. */
export type Retry = 'next-pass' | 'backoff' | 'never';

/**
 * A failed operation: stable upper-case code, a sentence for people, what happens next, and the cause.
 * Mistakes in users' files are `Problem`s, failed nodes are results, and bugs are `invariant` crashes.
 */
export class ReconcileError extends Error {
  readonly code: string;
  readonly retry: Retry;
  /** Exit code when this ends a command (contract §8): 1 unless said otherwise. */
  readonly exitCode: number;

  constructor(
    code: string,
    message: string,
    options: { readonly retry: Retry; readonly cause?: unknown; readonly exitCode?: number },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ReconcileError';
    this.code = code;
    this.retry = options.retry;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A bug is a crash: the service manager restarts us, while a wrong report would stay for ever. */
export function invariant(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(`invariant broken: ${sentence}`);
}

/** For values that an earlier check has proven to be there. */
export function present<Value>(value: Value | undefined | null, sentence: string): Value {
  invariant(value !== undefined && value !== null, sentence);
  return value;
}

/** The default branch of a total switch: a new member breaks the build here. */
export function unreachable(value: never): never {
  throw new Error(`invariant broken: unexpected ${JSON.stringify(value)}`);
}
