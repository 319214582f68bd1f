/**
 * Tells the service manager: ready, alive, leaving. Every message goes through one small helper process that is forked
 * before memory grows, since a fork of a large process stops the event loop for tens of milliseconds (contract §12).
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

export type Notifier = {
  send(...state: readonly string[]): void;
  /** Interval in which WATCHDOG=1 must be sent, ms; null without a watchdog. */
  readonly watchdogMs: number | null;
  close(): void;
};

/** Reads lines of states and hands each to systemd-notify; ends with its input. */
const HELPER = 'while IFS= read -r line; do systemd-notify --no-block --pid="$1" $line || :; done';

export function openNotifier(env: NodeJS.ProcessEnv): Notifier {
  if (env['NOTIFY_SOCKET'] === undefined) {
    return { send: () => undefined, watchdogMs: null, close: () => undefined };
  }
  const helper: ChildProcess = spawn('/bin/sh', ['-c', HELPER, 'sh', String(process.pid)], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { PATH: env['PATH'], NOTIFY_SOCKET: env['NOTIFY_SOCKET'] },
  });
  helper.on('error', (error) => {
    process.stderr.write(`systemd is not told: ${error.message}\n`);
  });
  helper.stdin?.on('error', () => undefined); // the helper is gone; the watchdog will notice
  helper.unref();
  const microseconds = Number(env['WATCHDOG_USEC'] ?? 0);
  return {
    send: (...state) => {
      helper.stdin?.write(`${state.join(' ')}\n`);
    },
    watchdogMs: microseconds > 0 ? microseconds / 3000 : null,
    close: () => helper.stdin?.end(),
  };
}
