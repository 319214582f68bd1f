import type { DestinationStream } from 'pino';
import { destination as fileDestination, pino } from 'pino';

/** Fixed event name last, fields first: `log.info({ revision }, 'revision accepted')`. Context is bound with `child`. */
export type Logger = {
  debug(fields: LogFields, event: string): void;
  info(fields: LogFields, event: string): void;
  warn(fields: LogFields, event: string): void;
  error(fields: LogFields, event: string): void;
  child(fields: LogFields): Logger;
};
export type LogFields = { readonly [name: string]: unknown };
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Keys whose values never reach a log line, at the top of the fields and one level below. */
const SECRET_KEYS = [
  'password',
  'token',
  'authorization',
  'secret',
  'activationCode',
  'credentials',
];

/** JSON lines on stdout, which journald keeps; no transports, so a log line costs no second thread. */
export function openLog(options: {
  readonly level: LogLevel;
  readonly destination?: DestinationStream;
}): Logger {
  const redact = { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' };
  const settings = { level: options.level, redact, base: null };
  return pino(settings, options.destination ?? standardOutput());
}

/** What waits for a disk that is full; lines beyond it are lost. */
const WAITING_BYTES_MAX = 1024 * 1024;
const STDOUT = 1;

/**
 * Written at once. A log that cannot be written (a full disk, a reader that left) stops nothing: it is told on stderr, once until
 * a line gets through again.
 */
function standardOutput(): DestinationStream {
  const stream = fileDestination({ dest: STDOUT, sync: true, maxLength: WAITING_BYTES_MAX });
  let isTold = false;
  stream.on('write', () => {
    isTold = false;
  });
  stream.on('error', (cause: Error) => {
    if (isTold) return;
    isTold = true;
    process.stderr.write(`the log cannot be written: ${cause.message}\n`);
  });
  return stream;
}

export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
