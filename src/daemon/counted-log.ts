/** What is logged with a code is counted by it, so that alerts and logs speak of the same thing. */
import type { Logger } from '../io/log.ts';

export function countedLog(log: Logger, count: (code: string) => void): Logger {
  const counting =
    (level: 'warn' | 'error'): Logger['warn'] =>
    (fields, event) => {
      const code = fields['code'];
      if (typeof code === 'string') count(code);
      log[level](fields, event);
    };
  return {
    debug: (fields, event) => log.debug(fields, event),
    info: (fields, event) => log.info(fields, event),
    warn: counting('warn'),
    error: counting('error'),
    child: (fields) => countedLog(log.child(fields), count),
  };
}
