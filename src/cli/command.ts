/** What a command is: its words, its flags as data, and a function from them to an exit code. */
import { ReconcileError } from '../core/model/errors.ts';
import { EXIT } from './exit.ts';

export type Output = { write(text: string): unknown; readonly isTTY?: boolean | undefined };

/** Everything of the process that a command may see. */
export type Context = {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Standard input, touched by commands that were given `-`. */
  readonly stdin: () => AsyncIterable<Uint8Array>;
  readonly env: { readonly [name: string]: string | undefined };
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
};

export type Command = {
  /** As in usage lines: `[dir]`, `<association...>`. */
  readonly arguments?: readonly { readonly syntax: string; readonly about: string }[];
  readonly flags: readonly Flag[];
  /** Whole command lines, the most useful first. */
  readonly examples: readonly string[];
  /** Leaves by itself when the signal aborts; any other command is cut off. */
  readonly leavesGracefully?: true;
  run(call: Call, context: Context): Promise<number>;
};

/** A flag is also an environment variable: `--poll-interval` is `RECONCILED_POLL_INTERVAL`. */
export type Flag = {
  /** `--limit <n>`, or `--once` for a switch. */
  readonly syntax: `--${string}`;
  readonly about: string;
  /** Where the variable is not `RECONCILED_<FLAG>`. */
  readonly variable?: string;
  readonly required?: true;
  readonly fallback?: string;
  /** May be given several times; in the environment separated by commas. */
  readonly many?: true;
  readonly choices?: readonly string[];
};

/** Arguments and flags as given, the environment and defaults filled in. */
export type Call = {
  readonly args: readonly string[];
  /** Of a flag that is required or has a fallback. */
  text(flag: string): string;
  given(flag: string): string | null;
  list(flag: string): readonly string[];
  is(flag: string): boolean;
};

/** Wrong usage: exit code 64. */
export function usage(message: string): ReconcileError {
  return new ReconcileError('USAGE', message, { retry: 'never', exitCode: EXIT.usage });
}

export const FORMAT = (...choices: readonly string[]): Flag => ({
  syntax: '--format <format>',
  about: 'how to print',
  fallback: 'text',
  choices: ['text', ...choices],
});

export const CONFIG: Flag = {
  syntax: '--config <file>',
  about: "the daemon's configuration",
  fallback: '/etc/reconciled/daemon.yaml',
};
