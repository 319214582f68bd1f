/** Exit codes are stable: scripts and pipelines depend on them (contract §8). */
export const EXIT = {
  done: 0,
  error: 1,
  changes: 2,
  invalid: 3,
  someFailed: 4,
  someSilent: 5,
  timeout: 7,
  held: 8,
  usage: 64,
  config: 78,
  interrupted: 130,
} as const;
