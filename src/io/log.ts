import type { DestinationStream } from 'pino';
import { pino } from 'pino';

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
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
