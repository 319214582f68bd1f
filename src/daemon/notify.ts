/**
 * Tells the service manager: ready, alive, reloading, leaving. Every message goes through one small helper process that is
 * forked before memory grows, since a fork of a large process stops the event loop for tens of milliseconds (contract §12).
 */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';

export type Notifier = {
  ready(): void;
  alive(): void;
  /** Until `ready` is told again. */
  reloading(): void;
  leaving(): void;
  /** Interval in which `alive` must be called, ms; null without a watchdog. */
  readonly watchdogMs: number | null;
  close(): void;
};

/**
 * Reads lines of states and hands each to systemd-notify, which waits until the manager has read it: a sender that is gone
 * by then belongs to no unit any more, and its message is dropped. Ends with its input, which ends with the daemon.
 */
const HELPER = 'while IFS= read -r line; do systemd-notify --pid="$1" $line || :; done';

/** A start that fetches a lost state may outlast the unit's TimeoutStartSec, as long as the event loop turns. */
const UNREADY_EVERY_MS = 10_000;
const UNREADY = 'EXTEND_TIMEOUT_USEC=30000000 WATCHDOG=1';

const nobody: Notifier = {
  ready: () => undefined,
  alive: () => undefined,
  reloading: () => undefined,
  leaving: () => undefined,
  watchdogMs: null,
  close: () => undefined,
};

export function openNotifier(env: NodeJS.ProcessEnv): Notifier {
  if (env['NOTIFY_SOCKET'] === undefined) return nobody;
  const helper: ChildProcess = spawn('/bin/sh', ['-c', HELPER, 'sh', String(process.pid)], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { PATH: env['PATH'], NOTIFY_SOCKET: env['NOTIFY_SOCKET'] },
  });
  helper.on('error', (error) => {
    process.stderr.write(`systemd is not told: ${error.message}\n`);
  });
  helper.stdin?.on('error', () => undefined); // the helper is gone; the watchdog will notice
  helper.unref();
  const send = (state: string): void => {
    helper.stdin?.write(`${state}\n`);
  };
  const patience = (): NodeJS.Timeout => setInterval(send, UNREADY_EVERY_MS, UNREADY).unref();
  let unready = patience();
  const microseconds = Number(env['WATCHDOG_USEC'] ?? 0);
  return {
    ready() {
      clearInterval(unready);
      send('READY=1');
    },
    alive: () => send('WATCHDOG=1'),
    reloading() {
      send('RELOADING=1');
      unready = patience();
    },
    leaving: () => send('STOPPING=1'),
    watchdogMs: microseconds > 0 ? microseconds / 3000 : null,
    close() {
      clearInterval(unready);
      helper.stdin?.end();
    },
  };
}
