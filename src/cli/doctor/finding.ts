export type Finding = {
  readonly check: string;
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was found; for a warning or a failure also what to do. */
  readonly message: string;
};

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message });
export const warn = (check: string, message: string): Finding => ({
  check,
  level: 'warn',
  message,
});
export const fail = (check: string, message: string): Finding => ({
  check,
  level: 'fail',
  message,
});
